// SPDX-License-Identifier: SHL-0.51
// Holds X: XChunks chunks, each ChunkElems elements of every row of the tile. Filled by rows, in the order asked for;
// read by columns, one column of X for all rows at a time.
//   col_valid_o  the chunk of the next column is complete, col_o is that column
//   take_i       the array takes the column; with the last one of a chunk, chunk_free_o gives its place back
//   chunk_left_o columns left in that chunk
`default_nettype none

module redmule_x_buffer
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned ChunkElems = 16,
    parameter int unsigned XChunks = 2,
    parameter int unsigned UnitElems = 16,
    parameter int unsigned NumLanes = 32
) (
    input  logic   clk_i,
    input  logic   rst_ni,
    input  logic   clear_i,
    input  size_t  n_i,
    // from the port
    input  logic   beat_valid_i,
    input  place_t beat_place_i,
    input  elems_t beat_elems_i,
    input  fp16_t  beat_elem_i [NumLanes],
    // to the array
    output logic   col_valid_o,
    output fp16_t  col_o       [ NumRows],
    input  logic   take_i,
    // to the loader
    output logic   chunk_free_o,
    output elems_t chunk_left_o
);

  localparam int unsigned CreditWidth = $clog2(XChunks + 1);
  localparam int unsigned SlotWidth = $clog2(XChunks);
  localparam int unsigned RowWidth = NumRows > 1 ? $clog2(NumRows) : 1;
  localparam int unsigned ElemWidth = ChunkElems > 1 ? $clog2(ChunkElems) : 1;
  localparam logic [SlotWidth-1:0] LastSlot = SlotWidth'(XChunks - 1);

  typedef logic [SlotWidth-1:0] slot_t;
  typedef logic [ElemWidth-1:0] elem_t;

  fp16_t chunk_q[XChunks][NumRows][ChunkElems];
  slot_t fill_q, read_q;
  elem_t col;
  logic  hit [ChunkElems];
  fp16_t elem[ChunkElems];
  logic chunk_done, cols_first;
  elems_t chunk_size;
  logic [CreditWidth-1:0] complete;

  // Filling
  redmule_spread #(
      .RowElems (ChunkElems),
      .UnitElems(UnitElems),
      .NumLanes (NumLanes)
  ) u_spread (
      .valid_i(beat_valid_i),
      .unit_i (beat_place_i.unit),
      .elems_i(beat_elems_i),
      .elem_i (beat_elem_i),
      .hit_o  (hit),
      .elem_o (elem)
  );

  always_ff @(posedge clk_i) begin
    if (beat_valid_i) begin
      for (int unsigned e = 0; e < ChunkElems; e++) begin
        if (hit[e]) chunk_q[fill_q][RowWidth'(beat_place_i.row)][e] <= elem[e];
      end
    end
  end

  // Reading
  redmule_loop #(
      .SizeWidth($bits(elems_t))
  ) u_chunks (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(chunk_free_o),
      .total_i(n_i),
      .step_i(elems_t'(ChunkElems)),
      .left_o(),
      .size_o(chunk_size),
      .first_o(),
      .last_o()
  );

  redmule_loop #(
      .Width($bits(elems_t))
  ) u_cols (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(take_i),
      .total_i(chunk_size),
      .step_i(elems_t'(1)),
      .left_o(chunk_left_o),
      .size_o(),
      .first_o(cols_first),
      .last_o(chunk_done)
  );

  redmule_pointer #(
      .Width(ElemWidth)
  ) u_col (
      .clk_i,
      .first_i(cols_first),
      .advance_i(take_i),
      .base_i('0),
      .step_i(elem_t'(1)),
      .place_o(col)
  );

  redmule_credit #(
      .Depth(XChunks)
  ) u_complete (
      .clk_i,
      .rst_ni,
      .clear_i,
      .take_i(beat_valid_i & beat_place_i.last),
      .give_i(chunk_free_o),
      .used_o(complete),
      .free_o()
  );

  assign col_valid_o  = complete != '0;
  assign chunk_free_o = take_i & chunk_done;

  always_comb begin
    for (int unsigned r = 0; r < NumRows; r++) col_o[r] = chunk_q[read_q][r][col];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fill_q <= '0;
      read_q <= '0;
    end else if (clear_i) begin
      fill_q <= '0;
      read_q <= '0;
    end else begin
      if (beat_valid_i & beat_place_i.last) fill_q <= fill_q == LastSlot ? '0 : fill_q + 1'b1;
      if (chunk_free_o) read_q <= read_q == LastSlot ? '0 : read_q + 1'b1;
    end
  end

`ifndef SYNTHESIS
  // The array takes a column only of a chunk that is complete.
  XColumnWasThere :
  assert property (@(posedge clk_i) disable iff (!rst_ni) take_i |-> col_valid_o);
`endif

endmodule

`default_nettype wire
