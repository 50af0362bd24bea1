// SPDX-License-Identifier: SHL-0.51
// Holds W: a FIFO of beats, and for each column of the array the row it works on, given out one element a step.
// A row goes to its column in as many beats as it takes, one a cycle, the first with begin_i; the array may use
// elements as soon as their beat is there.
//   row_ready_o   the row before is complete and a beat of the next is there: begin_i is allowed
//   row_done_o    the row begun last is complete
//   loaded_o      elements of it that are there
//   step_i        the array advances: every column goes to its next element
//   turn_i        with step_i: the columns (one-hot) whose next element is the first of a row
`default_nettype none

module redmule_w_buffer
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned RowLen = 4,
    parameter int unsigned TileCols = 16,
    parameter int unsigned WAhead = 6,
    parameter int unsigned UnitElems = 16,
    parameter int unsigned NumLanes = 32
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                clear_i,
    // from the port
    input  logic                beat_valid_i,
    input  unit_t               beat_unit_i,
    input  logic                beat_last_i,
    input  elems_t              beat_elems_i,
    input  fp16_t               beat_elem_i [NumLanes],
    output logic                beat_free_o,
    // with the run sequencer
    output logic                row_ready_o,
    output logic                row_done_o,
    output elems_t              loaded_o,
    input  logic                begin_i,
    input  logic                step_i,
    input  logic   [RowLen-1:0] turn_i,
    // to the array
    output fp16_t               w_o         [  RowLen]
);

  localparam int unsigned BeatElems = TileCols < NumLanes ? TileCols : NumLanes;
  localparam int unsigned ColWidth = TileCols > 1 ? $clog2(TileCols) : 1;
  localparam logic [ColWidth-1:0] LastCol = ColWidth'(TileCols - 1);

  typedef struct packed {
    unit_t unit;
    logic last;
    elems_t elems;
    fp16_t [BeatElems-1:0] elem;
  } beat_t;

  beat_t arriving, oldest;
  logic oldest_valid;
  logic [RowLen-1:0] target, target_q;
  elems_t loaded_q;
  logic done_q;
  fp16_t row_q[RowLen][TileCols];
  logic [ColWidth-1:0] place_q[RowLen];
  logic hit[TileCols];
  fp16_t elem[TileCols];
  fp16_t oldest_elem[BeatElems];

  always_comb begin
    arriving.unit  = beat_unit_i;
    arriving.last  = beat_last_i;
    arriving.elems = beat_elems_i;
    for (int unsigned i = 0; i < BeatElems; i++) begin
      arriving.elem[i] = beat_elem_i[i];
      oldest_elem[i]   = oldest.elem[i];
    end
  end

  redmule_fifo #(
      .Depth (WAhead),
      .data_t(beat_t)
  ) u_ahead (
      .clk_i,
      .rst_ni,
      .clear_i,
      .push_i (beat_valid_i),
      .data_i (arriving),
      .pop_i  (beat_free_o),
      .valid_o(oldest_valid),
      .data_o (oldest),
      .count_o()
  );

  redmule_spread #(
      .RowElems (TileCols),
      .UnitElems(UnitElems),
      .NumLanes (BeatElems)
  ) u_spread (
      .valid_i(beat_free_o),
      .unit_i (oldest.unit),
      .elems_i(oldest.elems),
      .elem_i (oldest_elem),
      .hit_o  (hit),
      .elem_o (elem)
  );

  assign row_ready_o = done_q & oldest_valid;
  assign row_done_o = done_q;
  assign loaded_o = loaded_q;
  assign beat_free_o = begin_i | (~done_q & oldest_valid);
  assign target = begin_i ? turn_i : target_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      done_q   <= 1'b1;
      loaded_q <= '0;
      target_q <= '0;
    end else if (clear_i) begin
      done_q <= 1'b1;
    end else if (beat_free_o) begin
      done_q   <= oldest.last;
      loaded_q <= (begin_i ? '0 : loaded_q) + oldest.elems;
      target_q <= target;
    end
  end

  always_ff @(posedge clk_i) begin
    if (beat_free_o) begin
      for (int unsigned h = 0; h < RowLen; h++) begin
        if (target[h]) begin
          for (int unsigned e = 0; e < TileCols; e++) begin
            if (hit[e]) row_q[h][e] <= elem[e];
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (step_i) begin
      for (int unsigned h = 0; h < RowLen; h++) begin
        place_q[h] <= turn_i[h] || place_q[h] == LastCol ? '0 : place_q[h] + 1'b1;
      end
    end
  end

  always_comb begin
    for (int unsigned h = 0; h < RowLen; h++) w_o[h] = row_q[h][place_q[h]];
  end

`ifndef SYNTHESIS
  // A row begins only when a beat of it is there and the row before is complete.
  WRowWasThere :
  assert property (@(posedge clk_i) disable iff (!rst_ni) begin_i |-> row_ready_o);
  // The first beat that a column gets of a row is the row's first.
  WRowBeginsAtItsFirstBeat :
  assert property (@(posedge clk_i) disable iff (!rst_ni) begin_i |-> oldest.unit == '0);
`endif

endmodule

`default_nettype wire
