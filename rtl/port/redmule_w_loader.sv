// SPDX-License-Identifier: SHL-0.51
// Asks for W: for every tile the chunks of its columns, each ChunkLines values of n. A chunk is asked for once a place in
// the W buffer is reserved for all of it.
//   chunk_free_i  the array has taken the last line of a chunk
//   line_taken_i  the array has taken a line
//   lead_o        lines asked for completely that the array has not taken
`default_nettype none

module redmule_w_loader
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned TileCols = 16,
    parameter int unsigned RowGroups = 1,
    parameter int unsigned ChunkLines = 16,
    parameter int unsigned WChunks = 2,
    parameter int unsigned PortWidth = 256
) (
    input  logic    clk_i,
    input  logic    rst_ni,
    input  logic    clear_i,
    // the job
    input  logic    job_valid_i,
    input  ctx_t    ctx_i,
    input  job_t    job_i,
    output logic    job_taken_o,   // its last beat is taken
    // to the port
    output logic    valid_o,
    input  logic    ready_i,
    output access_t access_o,
    output place_t  place_o,
    output lead_t   lead_o,
    // from the buffer
    input  logic    chunk_free_i,
    input  logic    line_taken_i
);

  localparam int unsigned Depth = WChunks * ChunkLines;
  localparam int unsigned CountWidth = $clog2(Depth + 1);

  logic advance, chunk_first, chunk_last, tile_last, begins, reserved, chunk_taken, line;
  addr_t tile_place, chunk_place, n_pitch, k_pitch;
  size_t cols, chunk_size;
  split_t split;
  logic [CountWidth-1:0] asked;

  assign n_pitch = pitch_down_column(job_i.w);
  assign k_pitch = pitch_along_row(job_i.w);
  assign valid_o = job_valid_i & (~begins | reserved);
  assign advance = valid_o & ready_i;
  assign chunk_taken = advance & place_o.last;
  assign job_taken_o = chunk_taken & chunk_last & tile_last;

  redmule_tile_walk #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .RowGroups(RowGroups)
  ) u_tiles (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(chunk_taken & chunk_last),
      .m_i(job_i.m),
      .k_i(job_i.k),
      .base_i(job_i.w.addr),
      .block_step_i('0),
      .tile_step_i(addr_t'(TileCols * k_pitch)),
      .rows_o(),
      .cols_o(cols),
      .split_o(split),
      .place_o(tile_place),
      .block_ends_o(),
      .last_o(tile_last)
  );

  redmule_loop u_chunks (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(chunk_taken),
      .total_i(job_i.n),
      .step_i(size_t'(ChunkLines)),
      .left_o(),
      .size_o(chunk_size),
      .first_o(chunk_first),
      .last_o(chunk_last)
  );

  redmule_pointer u_chunk_place (
      .clk_i,
      .first_i(chunk_first),
      .advance_i(chunk_taken),
      .base_i(tile_place),
      .step_i(addr_t'(ChunkLines * n_pitch)),
      .place_o(chunk_place)
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
      .operand_i(job_i.w),
      .base_i(chunk_place),
      .rows_i(chunk_size),
      .cols_i(cols),
      .access_o,
      .group_o(place_o.group),
      .row_o(place_o.row),
      .unit_o(place_o.unit),
      .first_o(begins),
      .line_o(line),
      .last_o(place_o.last)
  );

  // Stored by rows, a line is one stored row; stored by columns, all lines of the chunk are complete at its end.
  assign place_o.ctx   = ctx_i;
  assign place_o.split = split;
  assign place_o.along = ~job_i.w.trans;
  always_comb begin
    place_o.lines = '0;
    if (!job_i.w.trans) place_o.lines = elems_t'(line);
    else if (place_o.last) place_o.lines = elems_t'(chunk_size);
  end

  redmule_credit #(
      .Depth(WChunks)
  ) u_reserved (
      .clk_i,
      .rst_ni,
      .clear_i,
      .take_i(advance & begins),
      .give_i(chunk_free_i),
      .free_o(reserved)
  );

  redmule_lines #(
      .Depth(Depth)
  ) u_asked (
      .clk_i,
      .rst_ni,
      .clear_i,
      .add_i  (advance ? place_o.lines : '0),
      .take_i (line_taken_i),
      .count_o(asked)
  );

  assign lead_o = size_t'(asked) > size_t'(FarAway) ? FarAway : lead_t'(asked);

endmodule

`default_nettype wire
