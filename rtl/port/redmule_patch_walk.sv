// SPDX-License-Identifier: SHL-0.51
// The inner loops of every loader and of the storer. A patch is the part of a matrix that a buffer takes at once: rows_i x
// cols_i elements, in groups of GroupCols columns. Stored by rows: row after row, in each its groups; stored by columns:
// group after group, in each its columns. Then the beats: each takes as many neighbouring elements as the port carries of
// the format, at any alignment.
//   advance_i  the beat access_o has been taken; after the last beat the walk stands ready for the next patch
`default_nettype none

module redmule_patch_walk
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned GroupCols = 16,
    parameter int unsigned RowGroups = 1,
    parameter int unsigned PortWidth = 256
) (
    input  logic     clk_i,
    input  logic     rst_ni,
    input  logic     clear_i,
    input  logic     advance_i,
    input  operand_t operand_i,
    input  addr_t    base_i,     // of the first element of the patch
    input  size_t    rows_i,
    input  size_t    cols_i,
    output access_t  access_o,
    output group_t   group_o,
    output index_t   row_o,      // stored row within the group
    output unit_t    unit_o,     // place in it
    output logic     first_o,    // first beat of the patch
    output logic     line_o,     // last beat of a stored row (in its last group)
    output logic     last_o      // last beat of the patch
);

  localparam int unsigned PortBytes = PortWidth / ByteBits;
  localparam int unsigned UnitElems = PortBytes / 2;

  logic group_first, group_last, row_first, row_last, beat_first, beat_last, segment_ends, row_ends;
  addr_t group_shift, row_place;
  elems_t cols, beat_elems;
  unit_t beat_units;

  assign beat_elems = is_8bit(operand_i.format) ? elems_t'(PortBytes) : elems_t'(UnitElems);
  assign beat_units = is_8bit(operand_i.format) ? unit_t'(PortBytes / UnitElems) : unit_t'(1);
  assign access_o.format = operand_i.format;
  assign segment_ends = advance_i & beat_last;
  assign row_ends = segment_ends & (group_last | operand_i.trans);
  assign first_o = group_first & row_first & beat_first;
  assign line_o = beat_last & group_last;
  assign last_o = row_last & line_o;

  if (RowGroups > 1) begin : gen_groups
    logic group_ends;
    assign group_ends = segment_ends & (row_last | ~operand_i.trans);

    redmule_loop #(
        .SizeWidth($bits(elems_t))
    ) u_groups (
        .clk_i,
        .rst_ni,
        .clear_i,
        .advance_i(group_ends),
        .total_i(cols_i),
        .step_i(elems_t'(GroupCols)),
        .left_o(),
        .size_o(cols),
        .first_o(group_first),
        .last_o(group_last)
    );

    redmule_pointer u_group_shift (
        .clk_i,
        .first_i(group_first),
        .advance_i(group_ends),
        .base_i('0),
        .step_i(addr_t'(GroupCols * pitch_along_row(operand_i))),
        .place_o(group_shift)
    );

    redmule_pointer #(
        .Width($bits(group_t))
    ) u_group (
        .clk_i,
        .first_i(group_first),
        .advance_i(group_ends),
        .base_i('0),
        .step_i(group_t'(1)),
        .place_o(group_o)
    );
  end else begin : gen_no_groups
    assign cols = elems_t'(cols_i);
    assign group_first = 1'b1;
    assign group_last = 1'b1;
    assign group_shift = '0;
    assign group_o = '0;
  end

  redmule_loop #(
      .Width($bits(elems_t))
  ) u_rows (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(row_ends),
      .total_i(operand_i.trans ? cols : elems_t'(rows_i)),
      .step_i(elems_t'(1)),
      .left_o(),
      .size_o(),
      .first_o(row_first),
      .last_o(row_last)
  );

  redmule_loop #(
      .Width($bits(elems_t))
  ) u_beats (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i,
      .total_i(operand_i.trans ? elems_t'(rows_i) : cols),
      .step_i (beat_elems),
      .left_o (),
      .size_o (access_o.elems),
      .first_o(beat_first),
      .last_o (beat_last)
  );

  redmule_pointer u_row_place (
      .clk_i,
      .first_i(row_first),
      .advance_i(row_ends),
      .base_i,
      .step_i(operand_i.stride),
      .place_o(row_place)
  );

  redmule_pointer u_beat_place (
      .clk_i,
      .first_i(beat_first),
      .advance_i,
      .base_i (row_place + group_shift),
      .step_i (addr_t'(PortBytes)),
      .place_o(access_o.addr)
  );

  redmule_pointer #(
      .Width($bits(index_t))
  ) u_row (
      .clk_i,
      .first_i(row_first),
      .advance_i(row_ends),
      .base_i('0),
      .step_i(index_t'(1)),
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
