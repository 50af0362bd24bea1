// SPDX-License-Identifier: SHL-0.51
// The accumulators' home: one tile of Y waits here for the array, and one tile of Z for the port. As column k of a new
// Y goes to the array, column k of the Z before it takes its place, so one tile of storage serves both.
//   Y: free -> filling (rows from the port) -> filled -> leaving (columns to the array) -> free
//   Z: free -> arriving (columns from the array) -> stored (rows to the port) -> free
// The port sees it by rows, or by columns where the matrix is stored transposed; the array by columns. With the array
// split, group g has its rows from g * (NumRows / groups) on.
//   free_o     neither Y nor Z is here: a whole Y may be asked for, or a finished Z sent here
//   y_ready_o  the next tile's Y is here, or it has none (then Y reads as +0)
//   Column k of Y is read in the step that takes it (y_take_i); column k of Z arrives with z_valid_i, a cycle later.
`default_nettype none

module redmule_yz_buffer
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter  int unsigned NumRows    = 12,
    parameter  int unsigned TileCols   = 16,
    parameter  bit          Transposes = 1'b1,
    parameter  int unsigned UnitElems  = 16,
    parameter  int unsigned NumLanes   = 32,
    localparam int unsigned ColWidth   = TileCols > 1 ? $clog2(TileCols) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  clear_i,
    // Y from the port
    input  logic                  y_begins_i,              // its first beat is asked for
    input  logic                  beat_valid_i,
    input  place_t                beat_place_i,
    input  elems_t                beat_elems_i,
    input  fp16_t                 beat_elem_i [NumLanes],
    // with the run sequencer
    input  logic                  use_y_i,
    output logic                  free_o,
    output logic                  y_ready_o,
    output logic                  z_here_o,
    output logic                  z_arriving_o,
    input  logic                  y_start_i,               // a tile starts
    input  logic                  z_start_i,               // a finished tile starts to arrive
    // columns of Y to the array
    input  logic                  y_take_i,
    input  logic                  y_last_i,
    input  logic   [ColWidth-1:0] y_col_i,
    output fp16_t                 y_o         [ NumRows],
    // columns of Z from the array
    input  logic                  z_valid_i,
    input  logic                  z_last_i,
    input  logic                  z_live_i    [ NumRows],
    input  fp16_t                 z_i         [ NumRows],
    // Z to the port
    output logic                  z_ready_o,               // a whole tile waits to be stored
    input  place_t                z_place_i,
    output fp16_t                 z_elem_o    [NumLanes],
    input  logic                  z_ends_i                 // its last beat is taken
);

  localparam int unsigned PlaceWidth = $bits(unit_t) + $clog2(UnitElems) + 1;
  localparam int unsigned RowWidth = NumRows > 1 ? $clog2(NumRows) : 1;

  typedef logic [RowWidth-1:0] place_row_t;
  typedef logic [ColWidth-1:0] elem_t;

  typedef enum logic [1:0] {
    YFree,
    YFilling,
    YFilled,
    YLeaving
  } y_state_e;
  typedef enum logic [1:0] {
    ZFree,
    ZArriving,
    ZStored
  } z_state_e;

  y_state_e y_state_d, y_state_q;
  z_state_e z_state_d, z_state_q;
  fp16_t acc_q[NumRows][TileCols];
  logic [ColWidth-1:0] z_col_d, z_col_q;
  logic along_hit[TileCols], across_hit[NumRows];
  fp16_t along_elem[TileCols], across_elem[NumRows];

  assign free_o = y_state_q == YFree && z_state_q == ZFree;
  assign y_ready_o = y_state_q == (use_y_i ? YFilled : YFree);
  assign z_here_o = z_state_q != ZFree;
  assign z_arriving_o = z_state_q == ZArriving;
  assign z_ready_o = z_state_q == ZStored;

  always_comb begin
    y_state_d = y_state_q;
    unique case (y_state_q)
      YFree: if (y_begins_i) y_state_d = YFilling;
      YFilling: if (beat_valid_i && beat_place_i.last) y_state_d = YFilled;
      YFilled: if (y_start_i) y_state_d = y_last_i ? YFree : YLeaving;
      YLeaving: if (y_take_i && y_last_i) y_state_d = YFree;
      default: y_state_d = YFree;
    endcase

    z_state_d = z_state_q;
    z_col_d   = z_col_q;
    unique case (z_state_q)
      ZFree:   if (z_start_i) z_state_d = ZArriving;
      ZArriving: begin
        if (z_valid_i) begin
          z_col_d = z_last_i ? '0 : z_col_q + 1'b1;
          if (z_last_i) z_state_d = ZStored;
        end
      end
      ZStored: if (z_ends_i) z_state_d = ZFree;
      default: z_state_d = ZFree;
    endcase

    if (clear_i) begin
      y_state_d = YFree;
      z_state_d = ZFree;
      z_col_d   = '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      y_state_q <= YFree;
      z_state_q <= ZFree;
      z_col_q   <= '0;
    end else begin
      y_state_q <= y_state_d;
      z_state_q <= z_state_d;
      z_col_q   <= z_col_d;
    end
  end

  // The row of the array that holds row r of the group that a beat belongs to.
  function automatic place_row_t row_of(place_t place, place_row_t r);
    return place_row_t'(place_row_t'(place.group) * place_row_t'(NumRows >> place.split)) + r;
  endfunction

  redmule_spread #(
      .RowElems (TileCols),
      .UnitElems(UnitElems),
      .NumLanes (NumLanes)
  ) u_along (
      .valid_i(beat_valid_i & beat_place_i.along),
      .unit_i (beat_place_i.unit),
      .elems_i(beat_elems_i),
      .elem_i (beat_elem_i),
      .hit_o  (along_hit),
      .elem_o (along_elem)
  );

  redmule_spread #(
      .RowElems (NumRows),
      .UnitElems(UnitElems),
      .NumLanes (NumLanes)
  ) u_across (
      .valid_i(beat_valid_i & ~beat_place_i.along & Transposes),
      .unit_i (beat_place_i.unit),
      .elems_i(beat_elems_i),
      .elem_i (beat_elem_i),
      .hit_o  (across_hit),
      .elem_o (across_elem)
  );

  always_ff @(posedge clk_i) begin
    if (beat_valid_i & beat_place_i.along) begin
      for (int unsigned e = 0; e < TileCols; e++) begin
        if (along_hit[e]) acc_q[row_of(beat_place_i, place_row_t'(beat_place_i.row))][e] <= along_elem[e];
      end
    end
    if (beat_valid_i & ~beat_place_i.along & Transposes) begin
      for (int unsigned r = 0; r < NumRows; r++) begin
        if (across_hit[r]) acc_q[row_of(beat_place_i, place_row_t'(r))][elem_t'(beat_place_i.row)] <= across_elem[r];
      end
    end
    if (z_valid_i) begin
      for (int unsigned r = 0; r < NumRows; r++) begin
        if (z_live_i[r]) acc_q[r][z_col_q] <= z_i[r];
      end
    end
  end

  always_comb begin
    for (int unsigned r = 0; r < NumRows; r++) y_o[r] = use_y_i ? acc_q[r][y_col_i] : '0;
  end

  // A beat takes neighbours in a row, or in a column, from its unit on.
  logic [PlaceWidth-1:0] z_first;

  assign z_first = PlaceWidth'(z_place_i.unit) * PlaceWidth'(UnitElems);

  always_comb begin
    for (int unsigned i = 0; i < NumLanes; i++) z_elem_o[i] = '0;
    if (z_ready_o & z_place_i.along) begin
      for (int unsigned i = 0; i < NumLanes && i < TileCols; i++) begin
        z_elem_o[i] = acc_q[row_of(z_place_i, place_row_t'(z_place_i.row))][elem_t'(z_first+PlaceWidth'(i))];
      end
    end else if (z_ready_o & Transposes) begin
      for (int unsigned i = 0; i < NumLanes && i < NumRows; i++) begin
        z_elem_o[i] = acc_q[row_of(z_place_i, place_row_t'(z_first+PlaceWidth'(i)))][elem_t'(z_place_i.row)];
      end
    end
  end

`ifndef SYNTHESIS
  // Y is asked for only when nothing else lives here, nor moves in.
  YFindsTheBufferFree :
  assert property (@(posedge clk_i) disable iff (!rst_ni) y_begins_i |-> free_o && !z_start_i);
  // A finished tile comes only when the one before has been stored.
  ZFindsNoZ :
  assert property (@(posedge clk_i) disable iff (!rst_ni) z_start_i |-> z_state_q == ZFree);
  // A column of Z comes only while its tile arrives.
  ZArrivesWhenExpected :
  assert property (@(posedge clk_i) disable iff (!rst_ni) z_valid_i |-> z_state_q == ZArriving);
`endif

endmodule

`default_nettype wire
