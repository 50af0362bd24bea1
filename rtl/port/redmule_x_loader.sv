// SPDX-License-Identifier: SHL-0.51
// Asks for X: for every tile the chunks of its rows, ChunkElems elements of one row after the other. A chunk is asked
// for once a place in the X buffer is reserved for all of it.
//   chunk_free_i  the array has taken the last column of its chunk, the place is free again
//   lead_o        what is left in the chunk the array works on, if the next is not asked for completely
`default_nettype none

module redmule_x_loader
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned TileCols = 16,
    parameter int unsigned ChunkElems = 16,
    parameter int unsigned XChunks = 2,
    parameter int unsigned PortWidth = 256
) (
    input  logic     clk_i,
    input  logic     rst_ni,
    input  logic     clear_i,
    // the job
    input  logic     job_valid_i,
    input  operand_t x_i,
    input  size_t    m_i,
    input  size_t    n_i,
    input  size_t    k_i,
    output logic     job_taken_o,   // its last beat is taken
    // to the port
    output logic     valid_o,
    input  logic     ready_i,
    output access_t  access_o,
    output place_t   place_o,
    output lead_t    lead_o,
    // from the buffer
    input  logic     chunk_free_i,
    input  elems_t   chunk_left_i
);

  localparam int unsigned CreditWidth = $clog2(XChunks + 1);

  logic advance, chunk_first, chunk_last, tile_last, begins;
  logic reserved, chunk_taken;
  addr_t block_place, chunk_place, elem_bytes_shift;
  size_t rows;
  elems_t chunk_size;
  logic [CreditWidth-1:0] asked;

  assign elem_bytes_shift = addr_t'(!fp_pkg::is_8bit(x_i.format));
  assign valid_o = job_valid_i & (~begins | reserved);
  assign advance = valid_o & ready_i;
  assign chunk_taken = advance & place_o.last;
  assign job_taken_o = chunk_taken & chunk_last & tile_last;

  redmule_tile_walk #(
      .NumRows (NumRows),
      .TileCols(TileCols)
  ) u_tiles (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(chunk_taken & chunk_last),
      .m_i,
      .k_i,
      .base_i(x_i.addr),
      .block_step_i(addr_t'(NumRows * x_i.stride)),
      .tile_step_i('0),
      .rows_o(rows),
      .cols_o(),
      .place_o(block_place),
      .last_o(tile_last)
  );

  redmule_loop #(
      .SizeWidth($bits(elems_t))
  ) u_chunks (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(chunk_taken),
      .total_i(n_i),
      .step_i(elems_t'(ChunkElems)),
      .left_o(),
      .size_o(chunk_size),
      .first_o(chunk_first),
      .last_o(chunk_last)
  );

  redmule_pointer u_chunk_place (
      .clk_i,
      .first_i(chunk_first),
      .advance_i(chunk_taken),
      .base_i(block_place),
      .step_i(addr_t'(ChunkElems) << elem_bytes_shift),
      .place_o(chunk_place)
  );

  redmule_row_walk #(
      .PortWidth(PortWidth)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(advance),
      .base_i(chunk_place),
      .stride_i(x_i.stride),
      .format_i(x_i.format),
      .rows_i(rows),
      .elems_i(chunk_size),
      .access_o,
      .row_o(place_o.row),
      .unit_o(place_o.unit),
      .first_o(begins),
      .row_last_o(),
      .last_o(place_o.last)
  );

  redmule_credit #(
      .Depth(XChunks)
  ) u_reserved (
      .clk_i,
      .rst_ni,
      .clear_i,
      .take_i(advance & begins),
      .give_i(chunk_free_i),
      .used_o(),
      .free_o(reserved)
  );

  redmule_credit #(
      .Depth(XChunks)
  ) u_asked (
      .clk_i,
      .rst_ni,
      .clear_i,
      .take_i(chunk_taken),
      .give_i(chunk_free_i),
      .used_o(asked),
      .free_o()
  );

  always_comb begin
    unique case (asked)
      CreditWidth'(0): lead_o = '0;
      CreditWidth'(1): lead_o = lead_t'(chunk_left_i);
      default: lead_o = '1;
    endcase
  end

endmodule

`default_nettype wire
