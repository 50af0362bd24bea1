// SPDX-License-Identifier: SHL-0.51
// The two outer loops that all five sequencers share: row blocks of Z, and in each its column tiles.
// rows_o and cols_o are the live rows and columns of the current tile, place_o is where its operand begins.
// The walk stands ready for the next job after the last tile of this one.
`default_nettype none

module redmule_tile_walk
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows  = 12,
    parameter int unsigned TileCols = 16
) (
    input  logic   clk_i,
    input  logic   rst_ni,
    input  logic   clear_i,
    input  logic   advance_i,     // the tile is done
    input  size_t  m_i,
    input  size_t  k_i,
    input  addr_t  base_i,
    input  addr_t  block_step_i,  // from one row block to the next
    input  addr_t  tile_step_i,   // from one column tile to the next
    output size_t  rows_o,
    output elems_t cols_o,
    output addr_t  place_o,
    output logic   last_o         // the last tile of the job
);

  logic block_first, block_last, tile_first, tile_last;
  addr_t block_place;
  size_t rows_left, cols_left;

  assign last_o = block_last & tile_last;

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

  redmule_loop #(
      .SizeWidth($bits(elems_t))
  ) u_tiles (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i,
      .total_i(k_i),
      .step_i (elems_t'(TileCols)),
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
      .step_i (tile_step_i),
      .place_o
  );

`ifndef SYNTHESIS
  // A tile is never larger than the array.
  TileFitsTheArray :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      advance_i |-> rows_o <= rows_left && size_t'(cols_o) <= cols_left);
`endif

endmodule

`default_nettype wire
