// SPDX-License-Identifier: SHL-0.51
// Which group each row of the array belongs to, and its place in it, when the rows are split into 2**split_i groups:
// group g has the rows from g * (NumRows / groups) on. Rows left over are in no group. Combinational.
`default_nettype none

module redmule_row_map
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows   = 12,
    parameter int unsigned RowGroups = 1
) (
    input  split_t split_i,
    output logic   used_o [NumRows],  // is in a group
    output logic   last_o [NumRows],  // is in the last one
    output group_t group_o[NumRows],
    output row_t   place_o[NumRows]
);

  always_comb begin
    for (int unsigned r = 0; r < NumRows; r++) begin
      used_o[r]  = 1'b1;
      last_o[r]  = 1'b1;
      group_o[r] = '0;
      place_o[r] = row_t'(r);
      for (int unsigned s = 1; 1 << s <= RowGroups; s++) begin
        if (split_i == split_t'(s) && NumRows >> s != 0) begin
          used_o[r]  = r < (NumRows >> s) << s;
          last_o[r]  = r >= ((NumRows >> s) << s) - (NumRows >> s);
          group_o[r] = group_t'(r / (NumRows >> s));
          place_o[r] = row_t'(r % (NumRows >> s));
        end
      end
    end
  end

endmodule

`default_nettype wire
