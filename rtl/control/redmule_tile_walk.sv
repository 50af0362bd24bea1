// SPDX-License-Identifier: SHL-0.51
// The two outer loops that all five sequencers share: row blocks of Z, and in each its column tiles. Where a block has
// few rows, the array is split into 2**split_o groups of rows that work on as many neighbouring tiles at once: then
// cols_o covers them all. place_o is where the operand of the tiles begins. The walk stands ready for the next job after
// the last tile of this one.
`default_nettype none

module redmule_tile_walk
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows   = 12,
    parameter int unsigned TileCols  = 16,
    parameter int unsigned RowGroups = 1
) (
    input  logic   clk_i,
    input  logic   rst_ni,
    input  logic   clear_i,
    input  logic   advance_i,     // the tiles are done
    input  size_t  m_i,
    input  size_t  k_i,
    input  addr_t  base_i,
    input  addr_t  block_step_i,  // from one row block to the next
    input  addr_t  tile_step_i,   // from one column tile to the next
    output size_t  rows_o,        // live rows of the block
    output size_t  cols_o,        // live columns of the tiles
    output split_t split_o,
    output addr_t  place_o,
    output logic   block_ends_o,  // the last tiles of the block
    output logic   last_o         // and of the job
);

  localparam split_t FullSplit = split_t'($clog2(RowGroups));

  logic block_first, block_last, tile_first, tile_last;
  addr_t block_place;
  size_t rows_left, cols_left;

  assign block_ends_o = tile_last;
  assign last_o = block_last & tile_last;

  // As many groups as the rows of the block leave room for, and as there are tiles for.
  always_comb begin
    split_o = '0;
    for (split_t s = 1; s <= FullSplit; s++) begin
      if (rows_o <= size_t'(NumRows >> s) && cols_left > size_t'((TileCols << s) - TileCols)) split_o = s;
    end
  end

  redmule_loop u_blocks (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(advance_i & tile_last),
      .total_i(m_i),
      .step_i(size_t'(NumRows)),
      .left_o(rows_left),
      .size_o(rows_o),
      .first_o(block_first),
      .last_o(block_last)
  );

  redmule_loop u_tiles (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i,
      .total_i(k_i),
      .step_i (size_t'(TileCols) << split_o),
      .left_o (cols_left),
      .size_o (cols_o),
      .first_o(tile_first),
      .last_o (tile_last)
  );

  redmule_pointer u_block_place (
      .clk_i,
      .first_i(block_first),
      .advance_i(advance_i & tile_last),
      .base_i,
      .step_i(block_step_i),
      .place_o(block_place)
  );

  redmule_pointer u_tile_place (
      .clk_i,
      .first_i(tile_first),
      .advance_i,
      .base_i (block_place),
      .step_i (tile_step_i << split_o),
      .place_o
  );

`ifndef SYNTHESIS
  // A tile is never larger than the array.
  TileFitsTheArray :
  assert property (@(posedge clk_i) disable iff (!rst_ni) advance_i |-> rows_o <= rows_left && cols_o <= cols_left);
`endif

endmodule

`default_nettype wire
