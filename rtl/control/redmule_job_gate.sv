// SPDX-License-Identifier: SHL-0.51
// Shows the running job to one sequencer from its first cycle until the sequencer has taken the last step of it.
//   taken_i  the sequencer's last step of the job, this cycle
//   done_i   the job has ended, this cycle; the next one may be there in the next
`default_nettype none

module redmule_job_gate (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic clear_i,
    input  logic job_valid_i,
    input  logic taken_i,
    input  logic done_i,
    output logic job_valid_o
);

  logic taken_d, taken_q;

  assign job_valid_o = job_valid_i & ~taken_q;
  assign taken_d = (taken_q | taken_i) & ~done_i & ~clear_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) taken_q <= 1'b0;
    else taken_q <= taken_d;
  end

`ifndef SYNTHESIS
  // A sequencer takes steps only of a job that it is shown.
  OnlyAShownJobIsTaken :
  assert property (@(posedge clk_i) disable iff (!rst_ni) taken_i |-> job_valid_o);
`endif

endmodule

`default_nettype wire
