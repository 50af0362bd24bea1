// SPDX-License-Identifier: SHL-0.51
// What is left of the jobs: the results of each context, and beside them FINISHED, the sticky flags and the last
// job. Everything that happens in the cycle of an event can be read in the next one. clear_sticky_i clears what
// happened before, not what happens in its own cycle.
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
    input  logic                      running_i,                   // the job of ctx_i has begun and not ended
    input  ctx_t                      ctx_i,
    input  logic                      run_i,                       // this cycle belongs to it
    input  logic                      end_i,                       // it ends in this cycle
    input  cycle_e                    cycle_i,
    input  flags_t                    flags_i,
    input  error_e                    error_i,
    input  addr_t                     error_addr_i,
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
    if (run_i) status_d.flags = status_d.flags | flags_i;
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
      redmule_perf u_perf (
          .clk_i,
          .rst_ni,
          .clear_i (acquire_i && acquire_ctx_i == ctx_t'(c)),
          .active_i(running_i && ctx_i == ctx_t'(c)),
          .run_i,
          .cycle_i,
          .flags_i,
          .error_i,
          .error_addr_i,
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
