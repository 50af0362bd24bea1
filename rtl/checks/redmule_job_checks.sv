// SPDX-License-Identifier: SHL-0.51
// What ties the memory port to the jobs: requests come from a running job only, and its event is the end of it.
// Bound to the accelerator; all ports are inputs.
//   job_valid_i  a job runs
//   clear_i      the engine is cleared, this cycle; with an event: the watchdog gave the memory up
`default_nettype none

module redmule_job_checks #(
    parameter int unsigned NumCores = 8
) (
    input logic                clk_i,
    input logic                rst_ni,
    input logic                req_i,
    input logic                gnt_i,
    input logic                wen_i,        // 1 = read
    input logic                r_valid_i,
    input logic                job_valid_i,
    input logic                clear_i,
    input logic [NumCores-1:0] event_i
);

`ifndef SYNTHESIS

  // Transfers are numbered as they are granted, and answered in that order:
  //   answered_q <= number of the last store  means that it is unanswered
  typedef logic signed [31:0] number_t;

  number_t granted_q, answered_q, answered_d, after_store_q;
  logic store, fresh, waits_q;

  assign store = req_i & ~wen_i;
  assign fresh = req_i & ~waits_q;
  assign answered_d = answered_q + number_t'(r_valid_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      granted_q <= '0;
      answered_q <= '0;
      after_store_q <= '0;
      waits_q <= 1'b0;
    end else begin
      waits_q <= req_i & ~gnt_i;
      answered_q <= answered_d;
      if (req_i && gnt_i) granted_q <= granted_q + 1'b1;
      if (store && gnt_i) after_store_q <= granted_q + 1'b1;
    end
  end

  // A request comes out of the port's register, so the job that asked ran in the cycle before.
  RequestComesFromARunningJob :
  assert property (@(posedge clk_i) disable iff (!rst_ni) fresh |-> $past(job_valid_i));

  // From the second cycle on after a clear, no new request is raised.
  NoNewRequestAfterAClear :
  assert property (@(posedge clk_i) disable iff (!rst_ni) clear_i |=> !fresh);

  // When a job ends, no store of it waits for its grant.
  EventComesAfterTheLastGrant :
  assert property (@(posedge clk_i) disable iff (!rst_ni) event_i != '0 && !clear_i |-> !store);

  // When a job ends, all its stores are answered, the last one in this cycle at the latest.
  EventComesAfterTheLastStore :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      event_i != '0 && !clear_i |-> after_store_q - answered_d <= 0);

`endif

endmodule

`default_nettype wire
