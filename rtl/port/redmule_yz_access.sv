// SPDX-License-Identifier: SHL-0.51
// Walks the stored rows of one tile after the other, as Y (loader) or as Z (storer): both have the shape of the tile and
// live in the accumulator buffer. The first beat of a tile waits until the buffer is ready for it: free for a whole Y, or
// holding a whole Z. A broadcast Y is a Y of stride 0.
//   slot_ready_i  the buffer is ready
//   begins_o      the first beat of a tile is taken
//   ends_o        the last beat of a tile is taken
//   place_o.last  marks it (LastOfJob = 0), or the last beat of the job
`default_nettype none

module redmule_yz_access
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned TileCols = 16,
    parameter int unsigned RowGroups = 1,
    parameter int unsigned PortWidth = 256,
    parameter bit LastOfJob = 1'b0
) (
    input  logic     clk_i,
    input  logic     rst_ni,
    input  logic     clear_i,
    // the job
    input  logic     job_valid_i,
    input  ctx_t     ctx_i,
    input  operand_t operand_i,
    input  size_t    m_i,
    input  size_t    k_i,
    output logic     job_taken_o,   // its last beat is taken
    // to the port
    output logic     valid_o,
    input  logic     ready_i,
    output access_t  access_o,
    output place_t   place_o,
    // with the buffer
    input  logic     slot_ready_i,
    output logic     begins_o,
    output logic     ends_o
);

  logic advance, first, last, tile_last;
  addr_t tile_place;
  size_t rows, cols;

  assign valid_o = job_valid_i & (~first | slot_ready_i);
  assign advance = valid_o & ready_i;
  assign begins_o = advance & first;
  assign ends_o = advance & last;
  assign job_taken_o = ends_o & tile_last;
  assign place_o.ctx = ctx_i;
  assign place_o.along = ~operand_i.trans;
  assign place_o.lines = '0;
  assign place_o.last = last & (tile_last | !LastOfJob);

  redmule_tile_walk #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .RowGroups(RowGroups)
  ) u_tiles (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(ends_o),
      .m_i,
      .k_i,
      .base_i(operand_i.addr),
      .block_step_i(addr_t'(NumRows * pitch_down_column(operand_i))),
      .tile_step_i(addr_t'(TileCols * pitch_along_row(operand_i))),
      .rows_o(rows),
      .cols_o(cols),
      .split_o(place_o.split),
      .place_o(tile_place),
      .block_ends_o(),
      .last_o(tile_last)
  );

  redmule_patch_walk #(
      .GroupCols(TileCols),
      .RowGroups(RowGroups),
      .PortWidth(PortWidth)
  ) u_patch (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(advance),
      .operand_i,
      .base_i(tile_place),
      .rows_i(rows),
      .cols_i(cols),
      .access_o,
      .group_o(place_o.group),
      .row_o(place_o.row),
      .unit_o(place_o.unit),
      .first_o(first),
      .line_o(),
      .last_o(last)
  );

endmodule

`default_nettype wire
