// SPDX-License-Identifier: SHL-0.51
// Copies rows of bytes between L2 and TCDM, at any alignment of both, byte exact: 32 * NumDma bits a cycle. Registers:
// rtl/regs/pulp_dma.rdl. Transfers run in order, one at a time: the reads of one begin after the last write of the one
// before is answered, which ends that and raises the event of the core that started it (if it has one), in the cycle in
// which DONE and ERRORS count it. An answer with an error ends a transfer too: it asks for nothing more, what waits is
// granted, what is unanswered is dropped, and the queue goes on.
//   Both memories answer in order, the TCDM on each of its ports, at any latency.
`default_nettype none

module pulp_dma
  import pulp_cluster_pkg::*;
  import pulp_dma_regs_pkg::*;
  import pulp_dma_pkg::*;
#(
    parameter  int unsigned NumDma     = 2,
    parameter  int unsigned NumCores   = 8,
    parameter  int unsigned QueueDepth = 4,
    parameter  int unsigned FifoBeats  = 64,
    localparam int unsigned BusBytes   = NumDma * WordBytes,
    localparam int unsigned BusBits    = NumDma * WordBits
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // peripheral bus
    input  logic                       req_i,
    output logic                       gnt_o,
    input  periph_req_t                access_i,
    output logic                       r_valid_o,
    output periph_rsp_t                rsp_o,
    output logic        [NumCores-1:0] event_o,
    // TCDM
    output logic        [  NumDma-1:0] tcdm_req_o,
    input  logic        [  NumDma-1:0] tcdm_gnt_i,
    output word_req_t                  tcdm_access_o [NumDma],
    input  logic        [  NumDma-1:0] tcdm_r_valid_i,
    input  word_rsp_t                  tcdm_rsp_i    [NumDma],
    // L2
    output logic        [         9:0] l2_latency_o,
    output logic        [         7:0] l2_interval_o,
    output logic                       l2_req_o,
    input  logic                       l2_gnt_i,
    output addr_t                      l2_addr_o,
    output logic                       l2_wen_o,
    output logic        [BusBytes-1:0] l2_be_o,
    output logic        [ BusBits-1:0] l2_wdata_o,
    input  logic                       l2_r_valid_i,
    input  logic        [ BusBits-1:0] l2_rdata_i,
    input  logic                       l2_r_err_i
);

  localparam int unsigned CountBits = $clog2(QueueDepth + 1);
  localparam int unsigned OffsetBits = $clog2(BusBytes);
  localparam int unsigned MostLanes = 2;
  localparam int unsigned MostFree = 255;  // what STATUS can tell

  if (NumDma < 1 || NumDma > MostLanes) begin : gen_bad_lanes
    $error("NumDma is %0d; it must be from 1 to %0d", NumDma, MostLanes);
  end
  if (QueueDepth < 1 || QueueDepth > MostFree || FifoBeats < 1) begin : gen_bad_depth
    $error(
        "QueueDepth is %0d, FifoBeats %0d; they must be at least 1, and the first at most %0d",
        QueueDepth,
        FifoBeats,
        MostFree
    );
  end

  // -------------------------------------------------------------------------------------------- queue and control
  logic start, present, from_l2, empty, run, fails, failed_q, done, idle, ended;
  logic l2_idle, tcdm_idle;
  logic [CountBits-1:0] queued;
  transfer_t started, transfer;

  pulp_dma_regs #(
      .FreeBits(CountBits)
  ) u_regs (
      .clk_i,
      .rst_ni,
      .req_i,
      .gnt_o,
      .access_i,
      .r_valid_o,
      .rsp_o,
      .start_o   (start),
      .transfer_o(started),
      .busy_i    (present),
      .free_i    (CountBits'(QueueDepth) - queued),
      .ended_i   (ended),
      .failed_i  (failed_q),
      .latency_o (l2_latency_o),
      .interval_o(l2_interval_o)
  );

  redmule_fifo #(
      .Depth (QueueDepth),
      .data_t(transfer_t)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .clear_i(1'b0),
      .push_i (start),
      .data_i (started),
      .pop_i  (ended),
      .valid_o(present),
      .data_o (transfer),
      .count_o(queued)
  );

  assign from_l2 = transfer.direction == DirectionToTcdm;
  assign empty = transfer.shape.row_bytes == '0 || transfer.shape.rows == '0;
  assign run = present & ~empty & ~failed_q;
  assign idle = l2_idle & tcdm_idle;
  assign ended = present && (empty || ((done || failed_q) && idle));

  always_comb begin
    fails = l2_r_valid_i & l2_r_err_i;
    for (int unsigned l = 0; l < NumDma; l++) fails |= tcdm_r_valid_i[l] & tcdm_rsp_i[l].err;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      failed_q <= 1'b0;
      event_o  <= '0;
    end else begin
      failed_q <= (failed_q | fails) & ~ended;
      for (int unsigned c = 0; c < NumCores; c++) event_o[c] <= ended && transfer.id == id_t'(c);
    end
  end

  // -------------------------------------------------------------------------------------------- the way of the data
  logic read_valid, read_ready, write_valid, write_ready, l2_ready, tcdm_ready;
  addr_t read_addr, write_addr, tcdm_addr;
  logic [BusBytes-1:0] read_be, write_be, tcdm_be;
  logic [BusBits-1:0] write_data, tcdm_data;
  logic tcdm_wen, beat_valid, beat_ready, beat_last;
  logic [NumDma-1:0] r_valid;
  word_t r_data[NumDma];
  logic [NumDma-1:0][WordBits-1:0] beat_data;
  logic [OffsetBits-1:0] beat_offset;

  pulp_dma_read #(
      .NumLanes (NumDma),
      .FifoBeats(FifoBeats)
  ) u_read (
      .clk_i,
      .rst_ni,
      .clear_i      (ended),
      .run_i        (run),
      .place_i      (from_l2 ? transfer.l2 : transfer.tcdm),
      .shape_i      (transfer.shape),
      .whole_i      (from_l2),
      .valid_o      (read_valid),
      .ready_i      (read_ready),
      .addr_o       (read_addr),
      .be_o         (read_be),
      .r_valid_i    (r_valid),
      .r_data_i     (r_data),
      .beat_valid_o (beat_valid),
      .beat_ready_i (beat_ready),
      .beat_data_o  (beat_data),
      .beat_offset_o(beat_offset),
      .beat_last_o  (beat_last)
  );

  pulp_dma_write #(
      .BusBytes(BusBytes)
  ) u_write (
      .clk_i,
      .rst_ni,
      .clear_i      (ended),
      .run_i        (run),
      .place_i      (from_l2 ? transfer.tcdm : transfer.l2),
      .shape_i      (transfer.shape),
      .done_o       (done),
      .beat_valid_i (beat_valid),
      .beat_ready_o (beat_ready),
      .beat_data_i  (beat_data),
      .beat_offset_i(beat_offset),
      .beat_last_i  (beat_last),
      .valid_o      (write_valid),
      .ready_i      (write_ready),
      .addr_o       (write_addr),
      .be_o         (write_be),
      .data_o       (write_data)
  );

  // -------------------------------------------------------------------------------------------- ports
  assign read_ready  = from_l2 ? l2_ready : tcdm_ready;
  assign write_ready = from_l2 ? tcdm_ready : l2_ready;

  pulp_dma_port #(
      .BusBytes(BusBytes),
      .NumLanes(1)
  ) u_l2_port (
      .clk_i,
      .rst_ni,
      .valid_i  (from_l2 ? read_valid : write_valid),
      .ready_o  (l2_ready),
      .addr_i   (from_l2 ? read_addr : write_addr),
      .wen_i    (from_l2),
      .be_i     (from_l2 ? read_be : write_be),
      .data_i   (write_data),
      .req_o    (l2_req_o),
      .gnt_i    (l2_gnt_i),
      .addr_o   (l2_addr_o),
      .wen_o    (l2_wen_o),
      .be_o     (l2_be_o),
      .data_o   (l2_wdata_o),
      .r_valid_i(l2_r_valid_i),
      .idle_o   (l2_idle)
  );

  pulp_dma_port #(
      .BusBytes(BusBytes),
      .NumLanes(NumDma)
  ) u_tcdm_port (
      .clk_i,
      .rst_ni,
      .valid_i  (from_l2 ? write_valid : read_valid),
      .ready_o  (tcdm_ready),
      .addr_i   (from_l2 ? write_addr : read_addr),
      .wen_i    (~from_l2),
      .be_i     (from_l2 ? write_be : read_be),
      .data_i   (write_data),
      .req_o    (tcdm_req_o),
      .gnt_i    (tcdm_gnt_i),
      .addr_o   (tcdm_addr),
      .wen_o    (tcdm_wen),
      .be_o     (tcdm_be),
      .data_o   (tcdm_data),
      .r_valid_i(tcdm_r_valid_i),
      .idle_o   (tcdm_idle)
  );

  always_comb begin
    for (int unsigned l = 0; l < NumDma; l++) begin
      tcdm_access_o[l] = '{
          add: tcdm_addr + addr_t'(l * WordBytes),
          wen: tcdm_wen,
          be: tcdm_be[l*WordBytes+:WordBytes],
          data: tcdm_data[l*WordBits+:WordBits]
      };
      r_valid[l] = from_l2 ? l2_r_valid_i : tcdm_r_valid_i[l];
      r_data[l] = from_l2 ? l2_rdata_i[l*WordBits+:WordBits] : tcdm_rsp_i[l].data;
    end
  end

`ifndef SYNTHESIS
  pulp_port_checks #(
      .DataWidth(BusBits),
      .NextCycle(1'b0)
  ) u_l2_checks (
      .clk_i,
      .rst_ni,
      .req_i(l2_req_o),
      .gnt_i(l2_gnt_i),
      .add_i(l2_addr_o),
      .wen_i(l2_wen_o),
      .be_i(l2_be_o),
      .data_i(l2_wdata_o),
      .r_valid_i(l2_r_valid_i)
  );

  // Nothing is asked for without a transfer.
  QuietWithoutATransfer :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !present |-> idle && !l2_req_o && tcdm_req_o == '0);

  // A transfer that ends well has written everything.
  AllIsWrittenAtTheEnd :
  assert property (@(posedge clk_i) disable iff (!rst_ni) ended && !failed_q |-> (done || empty) && !beat_valid);

  // The event belongs to one core.
  EventOfOneCore :
  assert property (@(posedge clk_i) disable iff (!rst_ni) $onehot0(event_o));
`endif

endmodule

`default_nettype wire
