// SPDX-License-Identifier: SHL-0.51
// The cells that buffers and loaders are made of, each on its own, with flat ports: the first element of an array stands
// in the lowest bits. clear_i is common to all.
`default_nettype none

module cells_top
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned Depth = 6,
    parameter int unsigned RowLen = 4,
    parameter int unsigned TileCols = 16,
    parameter int unsigned RowGroups = 1,
    parameter int unsigned ChunkLines = 16,
    parameter int unsigned PortWidth = 256,
    localparam int unsigned ElemBits = $bits(fp16_t),
    localparam int unsigned NumLanes = PortWidth / ByteBits,
    localparam int unsigned UnitElems = PortWidth / ElemBits,
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input  logic                                     clk_i,
    input  logic                                     rst_ni,
    input  logic                                     clear_i,
    // FIFO
    input  logic                                     push_i,
    input  logic                                     pop_i,
    input  fp16_t                                    data_i,
    output logic                                     fifo_valid_o,
    output fp16_t                                    fifo_data_o,
    output logic   [                 CountWidth-1:0] fifo_count_o,
    // credit
    input  logic                                     reserve_i,
    input  logic                                     give_i,
    output logic                                     credit_free_o,
    // lines
    input  elems_t                                   add_i,
    input  logic                                     take_i,
    output logic   [                 CountWidth-1:0] lines_count_o,
    // spread
    input  logic                                     spread_valid_i,
    input  unit_t                                    unit_i,
    input  elems_t                                   elems_i,
    input  logic   [          NumLanes*ElemBits-1:0] elem_i,
    output logic   [                   TileCols-1:0] hit_o,
    output logic   [          TileCols*ElemBits-1:0] spread_o,
    // rows of W
    input  logic   [RowGroups*TileCols*ElemBits-1:0] row_i,
    input  logic                                     load_i,
    input  logic                                     step_i,
    input  logic   [                     RowLen-1:0] turn_i,
    input  logic                                     filling_i,
    input  group_t                                   late_group_i,
    input  index_t                                   late_col_i,
    input  logic   [                 ChunkLines-1:0] late_hit_i,
    input  logic   [        ChunkLines*ElemBits-1:0] late_elem_i,
    output logic   [  RowGroups*RowLen*ElemBits-1:0] w_o
);

  fp16_t elem[NumLanes];
  fp16_t spread[TileCols];
  fp16_t row[RowGroups][TileCols];
  fp16_t w[RowGroups][RowLen];
  logic hit[TileCols];
  logic late_hit[ChunkLines];
  fp16_t late_elem[ChunkLines];

  always_comb begin
    for (int unsigned i = 0; i < NumLanes; i++) elem[i] = elem_i[i*ElemBits+:ElemBits];
    for (int unsigned e = 0; e < TileCols; e++) begin
      spread_o[e*ElemBits+:ElemBits] = spread[e];
      hit_o[e] = hit[e];
    end
    for (int unsigned l = 0; l < ChunkLines; l++) begin
      late_hit[l]  = late_hit_i[l];
      late_elem[l] = late_elem_i[l*ElemBits+:ElemBits];
    end
    for (int unsigned g = 0; g < RowGroups; g++) begin
      for (int unsigned e = 0; e < TileCols; e++) row[g][e] = row_i[(g*TileCols+e)*ElemBits+:ElemBits];
      for (int unsigned h = 0; h < RowLen; h++) w_o[(g*RowLen+h)*ElemBits+:ElemBits] = w[g][h];
    end
  end

  redmule_fifo #(
      .Depth (Depth),
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

  redmule_credit #(
      .Depth(Depth)
  ) u_credit (
      .clk_i,
      .rst_ni,
      .clear_i,
      .take_i(reserve_i),
      .give_i,
      .free_o(credit_free_o)
  );

  redmule_lines #(
      .Depth(Depth)
  ) u_lines (
      .clk_i,
      .rst_ni,
      .clear_i,
      .add_i,
      .take_i,
      .count_o(lines_count_o)
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

  redmule_w_rows #(
      .RowLen    (RowLen),
      .TileCols  (TileCols),
      .RowGroups (RowGroups),
      .ChunkLines(ChunkLines)
  ) u_w_rows (
      .clk_i,
      .row_i      (row),
      .load_i,
      .step_i,
      .turn_i,
      .filling_i,
      .late_group_i,
      .late_col_i,
      .late_hit_i (late_hit),
      .late_elem_i(late_elem),
      .w_o        (w)
  );

endmodule

`default_nettype wire
