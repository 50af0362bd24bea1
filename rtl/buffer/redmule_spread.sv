// SPDX-License-Identifier: SHL-0.51
// Tells each element of a row whether it is in a beat, and its value, combinational. A beat begins at a multiple of
// UnitElems (the 16-bit elements of a beat) and covers one unit, or two if the elements are bytes:
//   unit_i = 1, bytes:   row | unit 0 | lanes 0..U-1 | lanes U..2U-1 | unit 3 | ...
`default_nettype none

module redmule_spread
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned RowElems  = 16,
    parameter int unsigned UnitElems = 16,
    parameter int unsigned NumLanes  = 32
) (
    input  logic   valid_i,
    input  unit_t  unit_i,
    input  elems_t elems_i,
    input  fp16_t  elem_i [NumLanes],
    output logic   hit_o  [RowElems],
    output fp16_t  elem_o [RowElems]
);

  always_comb begin
    for (int unsigned e = 0; e < RowElems; e++) begin
      hit_o[e]  = 1'b0;
      elem_o[e] = elem_i[e%UnitElems];
    end
    if (valid_i) begin
      for (int unsigned e = 0; e < RowElems; e++) begin
        if (unit_i == unit_t'(e / UnitElems)) begin
          hit_o[e] = elems_t'(e % UnitElems) < elems_i;
        end else if (e >= UnitElems && NumLanes > UnitElems && unit_i == unit_t'(e / UnitElems - 1)) begin
          hit_o[e]  = elems_t'(UnitElems + e % UnitElems) < elems_i;
          elem_o[e] = elem_i[(UnitElems+e%UnitElems)%NumLanes];
        end
      end
    end
  end

endmodule

`default_nettype wire
