// SPDX-License-Identifier: SHL-0.51
// The three buffers on one stream of beats, and a FIFO and a spread cell on their own, with flat ports: the first element
// of an array stands in the lowest bits.
`default_nettype none

module buffers_top
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned TileCols = 16,
    parameter int unsigned ChunkElems = 16,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WAhead = 6,
    parameter int unsigned PortWidth = 256,
    localparam int unsigned ElemBits = $bits(fp16_t),
    localparam int unsigned NumLanes = PortWidth / 8,
    localparam int unsigned UnitElems = PortWidth / ElemBits,
    localparam int unsigned ColWidth = TileCols > 1 ? $clog2(TileCols) : 1,
    localparam int unsigned CountWidth = $clog2(WAhead + 1)
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           clear_i,
    // beats
    input  logic                           x_valid_i,
    input  logic                           w_valid_i,
    input  logic                           y_valid_i,
    input  row_t                           row_i,
    input  unit_t                          unit_i,
    input  logic                           last_i,
    input  elems_t                         elems_i,
    input  logic   [NumLanes*ElemBits-1:0] elem_i,
    // X
    input  size_t                          n_i,
    input  logic                           x_take_i,
    output logic                           x_col_valid_o,
    output logic   [ NumRows*ElemBits-1:0] x_col_o,
    output logic                           chunk_free_o,
    output elems_t                         chunk_left_o,
    // W
    input  logic                           begin_i,
    input  logic                           step_i,
    input  logic   [           RowLen-1:0] turn_i,
    output logic                           beat_free_o,
    output logic                           row_ready_o,
    output logic                           row_done_o,
    output elems_t                         loaded_o,
    output logic   [  RowLen*ElemBits-1:0] w_o,
    // Y and Z
    input  logic                           use_y_i,
    input  logic                           y_begins_i,
    input  logic                           y_start_i,
    input  logic                           z_start_i,
    input  logic                           y_take_i,
    input  logic                           y_last_i,
    input  logic   [         ColWidth-1:0] y_col_i,
    input  logic                           z_valid_i,
    input  logic                           z_last_i,
    input  logic   [          NumRows-1:0] z_live_i,
    input  logic   [ NumRows*ElemBits-1:0] z_i,
    input  row_t                           z_row_i,
    input  unit_t                          z_unit_i,
    input  logic                           z_ends_i,
    output logic                           free_o,
    output logic                           y_ready_o,
    output logic                           z_here_o,
    output logic                           z_arriving_o,
    output logic                           z_ready_o,
    output logic   [ NumRows*ElemBits-1:0] y_o,
    output logic   [NumLanes*ElemBits-1:0] z_elem_o,
    // FIFO
    input  logic                           push_i,
    input  logic                           pop_i,
    input  fp16_t                          data_i,
    output logic                           fifo_valid_o,
    output fp16_t                          fifo_data_o,
    output logic   [       CountWidth-1:0] fifo_count_o,
    // spread
    input  logic                           spread_valid_i,
    output logic   [         TileCols-1:0] hit_o,
    output logic   [TileCols*ElemBits-1:0] spread_o
);

  fp16_t elem[NumLanes];
  fp16_t x_col[NumRows];
  fp16_t w[RowLen];
  fp16_t y[NumRows];
  fp16_t z[NumRows];
  fp16_t z_elem[NumLanes];
  fp16_t spread[TileCols];
  logic z_live[NumRows];
  logic hit[TileCols];
  place_t place;

  assign place = '{row: row_i, unit: unit_i, last: last_i};

  always_comb begin
    for (int unsigned i = 0; i < NumLanes; i++) begin
      elem[i] = elem_i[i*ElemBits+:ElemBits];
      z_elem_o[i*ElemBits+:ElemBits] = z_elem[i];
    end
    for (int unsigned r = 0; r < NumRows; r++) begin
      x_col_o[r*ElemBits+:ElemBits] = x_col[r];
      y_o[r*ElemBits+:ElemBits] = y[r];
      z[r] = z_i[r*ElemBits+:ElemBits];
      z_live[r] = z_live_i[r];
    end
    for (int unsigned h = 0; h < RowLen; h++) w_o[h*ElemBits+:ElemBits] = w[h];
    for (int unsigned e = 0; e < TileCols; e++) begin
      spread_o[e*ElemBits+:ElemBits] = spread[e];
      hit_o[e] = hit[e];
    end
  end

  redmule_x_buffer #(
      .NumRows(NumRows),
      .ChunkElems(ChunkElems),
      .XChunks(XChunks),
      .UnitElems(UnitElems),
      .NumLanes(NumLanes)
  ) u_x (
      .clk_i,
      .rst_ni,
      .clear_i,
      .n_i,
      .beat_valid_i(x_valid_i),
      .beat_place_i(place),
      .beat_elems_i(elems_i),
      .beat_elem_i(elem),
      .col_valid_o(x_col_valid_o),
      .col_o(x_col),
      .take_i(x_take_i),
      .chunk_free_o,
      .chunk_left_o
  );

  redmule_w_buffer #(
      .RowLen(RowLen),
      .TileCols(TileCols),
      .WAhead(WAhead),
      .UnitElems(UnitElems),
      .NumLanes(NumLanes)
  ) u_w (
      .clk_i,
      .rst_ni,
      .clear_i,
      .beat_valid_i(w_valid_i),
      .beat_unit_i(unit_i),
      .beat_last_i(last_i),
      .beat_elems_i(elems_i),
      .beat_elem_i(elem),
      .beat_free_o,
      .row_ready_o,
      .row_done_o,
      .loaded_o,
      .begin_i,
      .step_i,
      .turn_i,
      .w_o(w)
  );

  redmule_yz_buffer #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .UnitElems(UnitElems),
      .NumLanes (NumLanes)
  ) u_yz (
      .clk_i,
      .rst_ni,
      .clear_i,
      .y_begins_i,
      .beat_valid_i(y_valid_i),
      .beat_place_i(place),
      .beat_elems_i(elems_i),
      .beat_elem_i(elem),
      .use_y_i,
      .free_o,
      .y_ready_o,
      .z_here_o,
      .z_arriving_o,
      .y_start_i,
      .z_start_i,
      .y_take_i,
      .y_last_i,
      .y_col_i,
      .y_o(y),
      .z_valid_i,
      .z_last_i,
      .z_live_i(z_live),
      .z_i(z),
      .z_ready_o,
      .z_row_i,
      .z_unit_i,
      .z_elem_o(z_elem),
      .z_ends_i
  );

  redmule_fifo #(
      .Depth (WAhead),
      .data_t(fp16_t)
  ) u_fifo (
      .clk_i,
      .rst_ni,
      .clear_i,
      .push_i,
      .data_i,
      .pop_i,
      .valid_o(fifo_valid_o),
      .data_o (fifo_data_o),
      .count_o(fifo_count_o)
  );

  redmule_spread #(
      .RowElems (TileCols),
      .UnitElems(UnitElems),
      .NumLanes (NumLanes)
  ) u_spread (
      .valid_i(spread_valid_i),
      .unit_i,
      .elems_i,
      .elem_i (elem),
      .hit_o  (hit),
      .elem_o (spread)
  );

endmodule

`default_nettype wire
