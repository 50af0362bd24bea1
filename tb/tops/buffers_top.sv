// SPDX-License-Identifier: SHL-0.51
// The buffers of X, of W, and of Y and Z on one stream of beats, with flat ports: the first element of an array stands in
// the lowest bits. place_i and z_place_i are packed as in redmule_pkg.
`default_nettype none

module buffers_top
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned TileCols = 16,
    parameter int unsigned RowGroups = 1,
    parameter bit Transposes = 1'b1,
    parameter int unsigned XChunkLines = 16,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WChunkLines = 16,
    parameter int unsigned WChunks = 2,
    parameter int unsigned PortWidth = 256,
    localparam int unsigned ElemBits = $bits(fp16_t),
    localparam int unsigned PlaceBits = $bits(place_t),
    localparam int unsigned NumLanes = PortWidth / ByteBits,
    localparam int unsigned UnitElems = PortWidth / ElemBits,
    localparam int unsigned ColWidth = TileCols > 1 ? $clog2(TileCols) : 1
) (
    input  logic                                     clk_i,
    input  logic                                     rst_ni,
    input  logic                                     clear_i,
    // beats
    input  logic                                     x_valid_i,
    input  logic                                     w_valid_i,
    input  logic                                     y_valid_i,
    input  logic   [                  PlaceBits-1:0] place_i,
    input  elems_t                                   elems_i,
    input  logic   [          NumLanes*ElemBits-1:0] elem_i,
    // lines of X and of W
    input  size_t                                    n_i,
    input  logic                                     x_keep_i,
    input  logic                                     x_take_i,
    input  logic                                     w_take_i,
    output logic                                     x_line_valid_o,
    output logic                                     w_line_valid_o,
    output logic                                     w_filling_o,
    output logic   [                WChunkLines-1:0] w_late_hit_o,
    output logic   [       WChunkLines*ElemBits-1:0] w_late_elem_o,
    output logic                                     x_line_gone_o,
    output logic                                     w_line_gone_o,
    output logic                                     x_chunk_free_o,
    output logic                                     w_chunk_free_o,
    output logic   [           NumRows*ElemBits-1:0] x_line_o,
    output logic   [RowGroups*TileCols*ElemBits-1:0] w_line_o,
    // Y and Z
    input  logic                                     use_y_i,
    input  logic                                     y_begins_i,
    input  logic                                     y_start_i,
    input  logic                                     z_start_i,
    input  logic                                     y_take_i,
    input  logic                                     y_last_i,
    input  logic   [                   ColWidth-1:0] y_col_i,
    input  logic                                     z_valid_i,
    input  logic                                     z_last_i,
    input  logic   [                    NumRows-1:0] z_live_i,
    input  logic   [           NumRows*ElemBits-1:0] z_i,
    input  logic   [                  PlaceBits-1:0] z_place_i,
    input  logic                                     z_ends_i,
    output logic                                     free_o,
    output logic                                     y_ready_o,
    output logic                                     z_here_o,
    output logic                                     z_arriving_o,
    output logic                                     z_ready_o,
    output logic   [           NumRows*ElemBits-1:0] y_o,
    output logic   [          NumLanes*ElemBits-1:0] z_elem_o
);

  fp16_t elem[NumLanes];
  fp16_t x_line[1][NumRows];
  fp16_t w_line[RowGroups][TileCols];
  fp16_t y[NumRows];
  fp16_t z[NumRows];
  fp16_t z_elem[NumLanes];
  logic z_live[NumRows];
  logic w_late_hit[WChunkLines];
  fp16_t w_late_elem[WChunkLines];

  always_comb begin
    for (int unsigned i = 0; i < NumLanes; i++) begin
      elem[i] = elem_i[i*ElemBits+:ElemBits];
      z_elem_o[i*ElemBits+:ElemBits] = z_elem[i];
    end
    for (int unsigned r = 0; r < NumRows; r++) begin
      x_line_o[r*ElemBits+:ElemBits] = x_line[0][r];
      y_o[r*ElemBits+:ElemBits] = y[r];
      z[r] = z_i[r*ElemBits+:ElemBits];
      z_live[r] = z_live_i[r];
    end
    for (int unsigned l = 0; l < WChunkLines; l++) begin
      w_late_hit_o[l] = w_late_hit[l];
      w_late_elem_o[l*ElemBits+:ElemBits] = w_late_elem[l];
    end
    for (int unsigned g = 0; g < RowGroups; g++) begin
      for (int unsigned e = 0; e < TileCols; e++) w_line_o[(g*TileCols+e)*ElemBits+:ElemBits] = w_line[g][e];
    end
  end

  redmule_line_buffer #(
      .LineElems (NumRows),
      .ChunkLines(XChunkLines),
      .NumChunks (XChunks),
      .FillsAlong(Transposes),
      .UnitElems (UnitElems),
      .NumLanes  (NumLanes)
  ) u_x (
      .clk_i,
      .rst_ni,
      .clear_i,
      .n_i,
      .beat_valid_i(x_valid_i),
      .beat_place_i(place_t'(place_i)),
      .beat_elems_i(elems_i),
      .beat_elem_i(elem),
      .line_valid_o(x_line_valid_o),
      .line_o(x_line),
      .filling_o(),
      .late_hit_o(),
      .late_elem_o(),
      .take_i(x_take_i),
      .keep_i(x_keep_i),
      .line_gone_o(x_line_gone_o),
      .chunk_free_o(x_chunk_free_o)
  );

  redmule_line_buffer #(
      .LineElems(TileCols),
      .ChunkLines(WChunkLines),
      .NumChunks(WChunks),
      .RowGroups(RowGroups),
      .FillsAcross(Transposes),
      .UnitElems(UnitElems),
      .NumLanes(NumLanes)
  ) u_w (
      .clk_i,
      .rst_ni,
      .clear_i,
      .n_i,
      .beat_valid_i(w_valid_i),
      .beat_place_i(place_t'(place_i)),
      .beat_elems_i(elems_i),
      .beat_elem_i(elem),
      .line_valid_o(w_line_valid_o),
      .line_o(w_line),
      .filling_o(w_filling_o),
      .late_hit_o(w_late_hit),
      .late_elem_o(w_late_elem),
      .take_i(w_take_i),
      .keep_i(1'b0),
      .line_gone_o(w_line_gone_o),
      .chunk_free_o(w_chunk_free_o)
  );

  redmule_yz_buffer #(
      .NumRows(NumRows),
      .TileCols(TileCols),
      .Transposes(Transposes),
      .UnitElems(UnitElems),
      .NumLanes(NumLanes)
  ) u_yz (
      .clk_i,
      .rst_ni,
      .clear_i,
      .y_begins_i,
      .beat_valid_i(y_valid_i),
      .beat_place_i(place_t'(place_i)),
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
      .z_place_i(place_t'(z_place_i)),
      .z_elem_o(z_elem),
      .z_ends_i
  );

endmodule

`default_nettype wire
