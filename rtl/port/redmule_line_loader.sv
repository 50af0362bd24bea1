// SPDX-License-Identifier: SHL-0.51
// Asks for the lines of an operand: line n of W is row n for the columns of a tile, line n of X is column n for the rows of
// a row block. To the memory, X is a W stored the other way round; what differs is where a tile begins, and that X may stay
// in its buffer for all tiles of a row block, where all of N fits there. Lines come in chunks of ChunkLines values of n; a
// chunk is asked for once a place in the buffer is reserved for all of it.
//   chunk_free_i  the array has taken the last line of a chunk and will not take it again
//   line_taken_i  the array has taken a line and will not take it again
//   lead_o        lines asked for that the array has not taken
// Stored by rows, a line counts as asked for with the last beat of its row. Stored by columns, all lines of a chunk come to
// their ends together. But the array works through the lines of W column by column, and begins one line P+1 steps after the
// other, where it waits for it: so line l may be begun when the first (l+1)*(P+1) columns are there, if line l+1 of the same
// pass still has to come. A chunk is whole passes: ChunkLines is a multiple of RowLen.
`default_nettype none

module redmule_line_loader
  import redmule_pkg::*;
#(
    parameter bit OfX = 1'b0,
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned TileCols = 16,
    parameter int unsigned RowGroups = 1,
    parameter int unsigned ChunkLines = 16,
    parameter int unsigned NumChunks = 2,
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

  localparam int unsigned LineElems = OfX ? NumRows : TileCols;
  localparam int unsigned Depth = NumChunks * ChunkLines;
  localparam int unsigned TurnCols = TileCols / RowLen;  // columns worked on before the next line is due
  localparam int unsigned CountWidth = $clog2(Depth + 1);

  logic advance, chunk_first, chunk_last, tile_last, begins, reserved, chunk_taken, line, last;
  index_t   row;
  operand_t operand;
  addr_t tile_place, chunk_place, n_pitch, elem_pitch, tile_step;
  size_t rows, cols, chunk_size;
  split_t split;
  logic [CountWidth-1:0] asked;

  always_comb begin
    operand = OfX ? job_i.x : job_i.w;
    if (OfX) operand.trans = ~job_i.x.trans;
  end

  assign n_pitch = pitch_down_column(operand);
  assign elem_pitch = pitch_along_row(operand);
  assign tile_step = addr_t'(LineElems * elem_pitch);
  assign valid_o = job_valid_i & (~begins | reserved);
  assign advance = valid_o & ready_i;
  assign chunk_taken = advance & last;
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
      .k_i(OfX && job_i.n <= size_t'(Depth) ? size_t'(1) : job_i.k),
      .base_i(operand.addr),
      .block_step_i(OfX ? tile_step : '0),
      .tile_step_i(OfX ? '0 : tile_step),
      .rows_o(rows),
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
      .GroupCols(LineElems),
      .RowGroups(OfX ? 1 : RowGroups),
      .PortWidth(PortWidth)
  ) u_patch (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(advance),
      .operand_i(operand),
      .base_i(chunk_place),
      .rows_i(chunk_size),
      .cols_i(OfX ? rows : cols),
      .access_o,
      .group_o(place_o.group),
      .row_o(row),
      .unit_o(place_o.unit),
      .first_o(begins),
      .line_o(line),
      .last_o(last)
  );

  // Stored by columns: the lines that have been counted before, and whether this beat makes the next one count.
  elems_t early;
  logic   turn_ends;

  always_comb begin
    early = '0;
    turn_ends = 1'b0;
    for (int unsigned l = 1; l < RowLen && !OfX; l++) begin
      if (size_t'(l) < chunk_size) begin
        if (row >= index_t'(l * TurnCols)) early = elems_t'(l);
        if (row == index_t'(l * TurnCols - 1)) turn_ends = line;
      end
    end
  end

  assign place_o.ctx   = ctx_i;
  assign place_o.row   = row;
  assign place_o.last  = last;
  assign place_o.split = OfX ? '0 : split;
  assign place_o.along = ~operand.trans;
  always_comb begin
    if (!operand.trans) place_o.lines = elems_t'(line);
    else if (last) place_o.lines = elems_t'(chunk_size) - early;
    else place_o.lines = elems_t'(turn_ends);
  end

  redmule_credit #(
      .Depth(NumChunks)
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
