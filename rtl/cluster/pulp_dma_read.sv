// SPDX-License-Identifier: SHL-0.51
// The read side of a transfer: asks for its beats while there is room for their answers, and hands the answers on in order,
// as bus words with the offset of their row. The answers of a bus word come in lanes of 32 bits, each lane in order:
// those that were asked for, or all of them if whole_i.
//   clear_i: ready for the next transfer; nothing must be unanswered then.
`default_nettype none

module pulp_dma_read
  import pulp_cluster_pkg::*;
  import pulp_dma_pkg::*;
#(
    parameter  int unsigned NumLanes   = 2,
    parameter  int unsigned FifoBeats  = 64,
    localparam int unsigned BusBytes   = NumLanes * WordBytes,
    localparam int unsigned OffsetBits = $clog2(BusBytes)
) (
    input  logic                                  clk_i,
    input  logic                                  rst_ni,
    input  logic                                  clear_i,
    input  logic                                  run_i,                    // the transfer is there and may ask
    input  place_t                                place_i,
    input  shape_t                                shape_i,
    input  logic                                  whole_i,
    // requests
    output logic                                  valid_o,
    input  logic                                  ready_i,
    output addr_t                                 addr_o,
    output logic   [  BusBytes-1:0]               be_o,
    // answers
    input  logic   [  NumLanes-1:0]               r_valid_i,
    input  word_t                                 r_data_i     [NumLanes],
    // beats
    output logic                                  beat_valid_o,
    input  logic                                  beat_ready_i,
    output logic   [  NumLanes-1:0][WordBits-1:0] beat_data_o,
    output logic   [OffsetBits-1:0]               beat_offset_o,
    output logic                                  beat_last_o               // of its row
);

  localparam int unsigned CountBits = $clog2(FifoBeats + 1);

  typedef struct packed {
    logic [NumLanes-1:0] lanes;
    logic [OffsetBits-1:0] offset;
    logic last;
  } tag_t;

  logic all_asked_q, asks, ends, tag_valid, takes;
  logic [NumLanes-1:0] lane_valid;
  tag_t tag, oldest;
  logic [CountBits-1:0] reserved;

  pulp_dma_walk #(
      .BusBytes(BusBytes)
  ) u_walk (
      .clk_i,
      .rst_ni,
      .clear_i,
      .place_i,
      .shape_i,
      .advance_i(asks),
      .addr_o,
      .be_o,
      .offset_o(tag.offset),
      .last_o(tag.last),
      .end_o(ends)
  );

  assign valid_o = run_i && !all_asked_q && reserved != CountBits'(FifoBeats);
  assign asks = valid_o & ready_i;

  always_comb begin
    for (int unsigned l = 0; l < NumLanes; l++) tag.lanes[l] = whole_i || be_o[l*WordBytes+:WordBytes] != '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) all_asked_q <= 1'b0;
    else all_asked_q <= (all_asked_q | (asks & ends)) & ~clear_i;
  end

  redmule_fifo #(
      .Depth (FifoBeats),
      .data_t(tag_t)
  ) u_tags (
      .clk_i,
      .rst_ni,
      .clear_i,
      .push_i (asks),
      .data_i (tag),
      .pop_i  (takes),
      .valid_o(tag_valid),
      .data_o (oldest),
      .count_o(reserved)
  );

  for (genvar l = 0; l < NumLanes; l++) begin : gen_lane
    redmule_fifo #(
        .Depth (FifoBeats),
        .data_t(word_t)
    ) u_words (
        .clk_i,
        .rst_ni,
        .clear_i,
        .push_i (r_valid_i[l]),
        .data_i (r_data_i[l]),
        .pop_i  (takes & oldest.lanes[l]),
        .valid_o(lane_valid[l]),
        .data_o (beat_data_o[l]),
        .count_o()
    );
  end

  assign beat_valid_o = tag_valid && (oldest.lanes & ~lane_valid) == '0;
  assign takes = beat_valid_o & beat_ready_i;
  assign beat_offset_o = oldest.offset;
  assign beat_last_o = oldest.last;

`ifndef SYNTHESIS
  // What has been asked for fits the buffer: an answer always has a place.
  AnswersHaveAPlace :
  assert property (@(posedge clk_i) disable iff (!rst_ni) r_valid_i != '0 |-> tag_valid);

  // A transfer asks for nothing after its last beat.
  NothingIsAskedAfterTheEnd :
  assert property (@(posedge clk_i) disable iff (!rst_ni) asks && ends && !clear_i |=> !valid_o);
`endif

endmodule

`default_nettype wire
