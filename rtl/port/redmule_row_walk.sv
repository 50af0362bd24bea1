// SPDX-License-Identifier: SHL-0.51
// The two inner loops of every loader and of the storer: stored rows, and the beats of each. A beat takes as many
// neighbouring elements as the port carries of the format, at any alignment.
//   advance_i  the beat access_o has been taken; after the last beat the walk stands ready for the next rows
`default_nettype none

module redmule_row_walk
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned PortWidth = 256
) (
    input  logic    clk_i,
    input  logic    rst_ni,
    input  logic    clear_i,
    input  logic    advance_i,
    input  addr_t   base_i,      // of the first element of the first row
    input  addr_t   stride_i,
    input  format_e format_i,
    input  size_t   rows_i,
    input  elems_t  elems_i,     // of a row
    output access_t access_o,
    output row_t    row_o,
    output unit_t   unit_o,
    output logic    first_o,     // first beat of the first row
    output logic    row_last_o,  // last beat of a row
    output logic    last_o       // last beat of the last row
);

  localparam int unsigned PortBytes = PortWidth / 8;
  localparam int unsigned UnitElems = PortBytes / 2;

  logic row_first, rows_last, beat_first;
  addr_t  row_place;
  elems_t beat_elems;
  unit_t  beat_units;

  assign beat_elems = is_8bit(format_i) ? elems_t'(PortBytes) : elems_t'(UnitElems);
  assign beat_units = is_8bit(format_i) ? unit_t'(PortBytes / UnitElems) : unit_t'(1);
  assign access_o.format = format_i;
  assign first_o = row_first & beat_first;
  assign last_o = rows_last & row_last_o;

  redmule_loop u_rows (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(advance_i & row_last_o),
      .total_i(rows_i),
      .step_i(size_t'(1)),
      .left_o(),
      .size_o(),
      .first_o(row_first),
      .last_o(rows_last)
  );

  redmule_loop #(
      .Width($bits(elems_t))
  ) u_beats (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i,
      .total_i(elems_i),
      .step_i (beat_elems),
      .left_o (),
      .size_o (access_o.elems),
      .first_o(beat_first),
      .last_o (row_last_o)
  );

  redmule_pointer u_row_place (
      .clk_i,
      .first_i(row_first),
      .advance_i(advance_i & row_last_o),
      .base_i,
      .step_i(stride_i),
      .place_o(row_place)
  );

  redmule_pointer u_beat_place (
      .clk_i,
      .first_i(beat_first),
      .advance_i,
      .base_i (row_place),
      .step_i (addr_t'(PortBytes)),
      .place_o(access_o.addr)
  );

  redmule_pointer #(
      .Width($bits(row_t))
  ) u_row (
      .clk_i,
      .first_i(row_first),
      .advance_i(advance_i & row_last_o),
      .base_i('0),
      .step_i(row_t'(1)),
      .place_o(row_o)
  );

  redmule_pointer #(
      .Width($bits(unit_t))
  ) u_unit (
      .clk_i,
      .first_i(beat_first),
      .advance_i,
      .base_i ('0),
      .step_i (beat_units),
      .place_o(unit_o)
  );

endmodule

`default_nettype wire
