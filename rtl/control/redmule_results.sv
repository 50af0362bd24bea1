// SPDX-License-Identifier: SHL-0.51
// What is left of the jobs: the results of each context, and beside them FINISHED, the sticky flags and the last
// job. Cycles belong to the job at the head of the queue, exceptions and bus errors to the job that raises them, which
// may be a later one; a clear makes those jobs begin again, and so their results (discard_i). Everything that happens in
// the cycle of an event can be read in the next one. clear_sticky_i clears what happened before, not what happens in its
// own cycle.
`default_nettype none

module redmule_results
  import fp_pkg::*;
  import redmule_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter int unsigned NumContexts = 4
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      acquire_i,                   // acquire_ctx_i begins anew
    input  ctx_t                      acquire_ctx_i,
    input  logic                      clear_sticky_i,
    input  logic                      protocol_i,
    input  logic    [MaxContexts-1:0] busy_i,
    input  logic                      discard_i,                   // of the jobs behind the head
    input  logic                      running_i,                   // the job of ctx_i has begun and not ended
    input  ctx_t                      ctx_i,
    input  logic                      run_i,                       // this cycle belongs to it
    input  logic                      end_i,                       // it ends in this cycle
    input  cycle_e                    cycle_i,
    input  error_e                    error_i,                     // of it
    input  raised_t [ NumRaisers-1:0] raised_i,
    input  logic                      failed_i,                    // the memory answers a job with an error
    input  ctx_t                      failed_ctx_i,
    input  addr_t                     failed_addr_i,
    output status_t                   status_o,
    output result_t                   result_o      [MaxContexts]
);

  status_t status_d, status_q;

  always_comb begin
    status_d = status_q;
    if (clear_sticky_i) begin
      status_d.flags = '0;
      status_d.protocol = 1'b0;
    end
    for (int unsigned i = 0; i < NumRaisers; i++) status_d.flags |= raised_i[i].flags;
    if (protocol_i) status_d.protocol = 1'b1;
    if (end_i) status_d.finished = status_q.finished + 1'b1;
    if (running_i) status_d.running = ctx_i;
    status_d.busy = '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) status_q <= '0;
    else status_q <= status_d;
  end

  // A job shows in the cycle in which it begins.
  always_comb begin
    status_o = status_q;
    status_o.busy = busy_i;
    if (running_i) status_o.running = ctx_i;
  end

  for (genvar c = 0; c < MaxContexts; c++) begin : gen_context
    if (c < NumContexts) begin : gen_used
      logic   is_head;
      flags_t flags;

      assign is_head = ctx_i == ctx_t'(c);
      always_comb begin
        flags = '0;
        for (int unsigned i = 0; i < NumRaisers; i++) if (raised_i[i].ctx == ctx_t'(c)) flags |= raised_i[i].flags;
      end

      redmule_perf u_perf (
          .clk_i,
          .rst_ni,
          .clear_i((acquire_i && acquire_ctx_i == ctx_t'(c)) || (discard_i && busy_i[c] && !is_head)),
          .run_i(run_i & is_head),
          .cycle_i,
          .flags_i(flags),
          .error_i(running_i && is_head ? error_i : ErrNone),
          .failed_i(failed_i && failed_ctx_i == ctx_t'(c)),
          .failed_addr_i,
          .result_o(result_o[c])
      );
    end else begin : gen_unused
      assign result_o[c] = '0;
    end
  end

`ifndef SYNTHESIS
  // The context that begins anew is not the one that runs.
  NoAcquireOfTheRunningContext :
  assert property (@(posedge clk_i) disable iff (!rst_ni) acquire_i && running_i |-> acquire_ctx_i != ctx_i);

  // Cycles and ends belong to a job.
  OnlyARunningJobSpendsCyclesOrEnds :
  assert property (@(posedge clk_i) disable iff (!rst_ni) run_i || end_i |-> running_i);
`endif

endmodule

`default_nettype wire
