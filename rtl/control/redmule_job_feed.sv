// SPDX-License-Identifier: SHL-0.51
// Shows one sequencer the jobs of the queue, in order: the next one as soon as it has taken the last step of the one
// before, so that its work on a job begins while others still finish the job before. A job that was refused is passed
// over, in a cycle in which no job is shown.
//   taken_i    the sequencer's last step of the job, this cycle
//   passing_o  this cycle passes a refused job over: what follows is not known yet
`default_nettype none

module redmule_job_feed
  import redmule_pkg::*;
#(
    parameter int unsigned NumContexts = 4
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  schedule_t                   schedule_i,
    input  job_t      [MaxContexts-1:0] jobs_i,
    input  logic                        taken_i,
    output logic                        valid_o,
    output logic                        passing_o,
    output ctx_t                        ctx_o,
    output job_t                        job_o
);

  localparam ctx_t LastContext = ctx_t'(NumContexts - 1);

  ctx_t ctx_d, ctx_q;
  logic [MaxContexts-1:0] passed_d, passed_q;

  assign ctx_o = ctx_q;
  assign job_o = jobs_i[ctx_q];
  assign valid_o = schedule_i.ready[ctx_q] & ~passed_q[ctx_q];
  assign passing_o = schedule_i.refused[ctx_q] & ~passed_q[ctx_q];

  function automatic ctx_t next(ctx_t ctx);
    return ctx == LastContext ? '0 : ctx + 1'b1;
  endfunction

  always_comb begin
    ctx_d = ctx_q;
    passed_d = passed_q;
    if (taken_i | passing_o) begin
      ctx_d = next(ctx_q);
      passed_d[ctx_q] = 1'b1;
    end
    passed_d &= ~schedule_i.ended;
    if (schedule_i.restart) begin
      ctx_d = schedule_i.ended[schedule_i.head] ? next(schedule_i.head) : schedule_i.head;
      passed_d = '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ctx_q <= '0;
      passed_q <= '0;
    end else begin
      ctx_q <= ctx_d;
      passed_q <= passed_d;
    end
  end

`ifndef SYNTHESIS
  // A sequencer takes steps only of a job that it is shown.
  OnlyAShownJobIsTaken :
  assert property (@(posedge clk_i) disable iff (!rst_ni) taken_i |-> valid_o);

  logic [MaxContexts-1:0] passes;
  assign passes = passed_q | (taken_i | passing_o ? MaxContexts'(1) << ctx_q : '0);

  // A job ends only when every sequencer is done with it; if it is dropped before, they begin again.
  EndedJobsArePassed :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      !schedule_i.restart && (schedule_i.ended & ~passes) != '0 |=> schedule_i.restart);
`endif

endmodule

`default_nettype wire
