// SPDX-License-Identifier: SHL-0.51
// The write side of a transfer: brings what was read to the alignment of the destination and writes it, beat by beat.
// done_o: all beats have been taken by the port. clear_i: ready for the next transfer.
`default_nettype none

module pulp_dma_write
  import pulp_cluster_pkg::*;
  import pulp_dma_pkg::*;
#(
    parameter  int unsigned BusBytes   = 8,
    localparam int unsigned OffsetBits = $clog2(BusBytes),
    localparam int unsigned BusBits    = BusBytes * 8
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    clear_i,
    input  logic                    run_i,          // the transfer is there and may ask
    input  place_t                  place_i,
    input  shape_t                  shape_i,
    output logic                    done_o,
    // what was read
    input  logic                    beat_valid_i,
    output logic                    beat_ready_o,
    input  logic   [   BusBits-1:0] beat_data_i,
    input  logic   [OffsetBits-1:0] beat_offset_i,
    input  logic                    beat_last_i,
    // requests
    output logic                    valid_o,
    input  logic                    ready_i,
    output addr_t                   addr_o,
    output logic   [  BusBytes-1:0] be_o,
    output logic   [   BusBits-1:0] data_o
);

  logic aligned_valid, takes, last, ends, done_q;
  logic [OffsetBits-1:0] offset;

  pulp_dma_realign #(
      .BusBytes(BusBytes)
  ) u_realign (
      .clk_i,
      .rst_ni,
      .clear_i,
      .src_valid_i (beat_valid_i & run_i),
      .src_ready_o (beat_ready_o),
      .src_data_i  (beat_data_i),
      .src_offset_i(beat_offset_i),
      .src_last_i  (beat_last_i),
      .dst_offset_i(offset),
      .dst_last_i  (last),
      .dst_valid_o (aligned_valid),
      .dst_ready_i (ready_i & run_i),
      .dst_data_o  (data_o)
  );

  pulp_dma_walk #(
      .BusBytes(BusBytes)
  ) u_walk (
      .clk_i,
      .rst_ni,
      .clear_i,
      .place_i,
      .shape_i,
      .advance_i(takes),
      .addr_o,
      .be_o,
      .offset_o (offset),
      .last_o   (last),
      .end_o    (ends)
  );

  assign valid_o = aligned_valid & run_i;
  assign takes   = valid_o & ready_i;
  assign done_o  = done_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) done_q <= 1'b0;
    else done_q <= (done_q | (takes & ends)) & ~clear_i;
  end

`ifndef SYNTHESIS
  // After the last beat of a transfer nothing is left that was read for it.
  NothingIsLeftOver :
  assert property (@(posedge clk_i) disable iff (!rst_ni) done_q |-> !beat_valid_i);
`endif

endmodule

`default_nettype wire
