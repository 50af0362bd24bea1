// SPDX-License-Identifier: SHL-0.51
// The job contexts as a ring: jobs enter at the write pointer and leave at the head, in order. A job enters (commit_i)
// free to run or not; start_i with a commit frees it and all before it (started_o). clear_i empties the ring and sets
// both pointers to context 0; it wins over pop_i.
`default_nettype none

module redmule_queue
  import redmule_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter int unsigned NumContexts = 4,
    parameter type         Entry       = logic
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   clear_i,
    input  logic                   commit_i,
    input  logic                   start_i,
    input  Entry                   entry_i,
    input  logic                   pop_i,
    output logic                   full_o,
    output logic [MaxContexts-1:0] busy_o,
    output ctx_t                   write_ctx_o,
    output logic [MaxContexts-1:0] started_o,
    output ctx_t                   head_ctx_o,
    output Entry                   entry_o    [MaxContexts]
);

  localparam ctx_t LastContext = ctx_t'(NumContexts - 1);

  ctx_t write_d, write_q, head_d, head_q;
  logic [MaxContexts-1:0] busy_d, busy_q, started_d, started_q;

  function automatic ctx_t next(ctx_t ctx);
    return ctx == LastContext ? '0 : ctx + 1'b1;
  endfunction

  assign full_o = busy_q[write_q];
  assign busy_o = busy_q;
  assign write_ctx_o = write_q;
  assign started_o = started_q;
  assign head_ctx_o = head_q;

  always_comb begin
    write_d = write_q;
    head_d = head_q;
    busy_d = busy_q;
    started_d = started_q;
    if (commit_i) begin
      write_d = next(write_q);
      busy_d[write_q] = 1'b1;
      if (start_i) started_d = busy_d;
    end
    if (pop_i) begin
      head_d = next(head_q);
      busy_d[head_q] = 1'b0;
      started_d[head_q] = 1'b0;
    end
    if (clear_i) begin
      write_d = '0;
      head_d = '0;
      busy_d = '0;
      started_d = '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q <= '0;
      head_q <= '0;
      busy_q <= '0;
      started_q <= '0;
    end else begin
      write_q <= write_d;
      head_q <= head_d;
      busy_q <= busy_d;
      started_q <= started_d;
    end
  end

  for (genvar c = 0; c < MaxContexts; c++) begin : gen_entry
    if (c < NumContexts) begin : gen_used
      Entry entry_q;
      assign entry_o[c] = entry_q;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) entry_q <= '0;
        else if (commit_i && write_q == ctx_t'(c)) entry_q <= entry_i;
      end
    end else begin : gen_unused
      assign entry_o[c] = '0;
    end
  end

`ifndef SYNTHESIS
  // A job never enters a context that is still in use.
  NoCommitIntoAFullRing :
  assert property (@(posedge clk_i) disable iff (!rst_ni) commit_i |-> !full_o);

  // Only a job that may run leaves.
  OnlyAStartedJobLeaves :
  assert property (@(posedge clk_i) disable iff (!rst_ni) pop_i |-> started_q[head_q]);

  // What may run is queued.
  StartedJobsAreQueued :
  assert property (@(posedge clk_i) disable iff (!rst_ni) (started_q & ~busy_q) == '0);

  // The head is the oldest job: if it is free, all are.
  NothingQueuedBehindAFreeHead :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !busy_q[head_q] |-> busy_q == '0 && head_q == write_q);
`endif

endmodule

`default_nettype wire
