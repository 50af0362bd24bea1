// SPDX-License-Identifier: SHL-0.51
// Takes the job at the head of the queue from its start to its end. A job ends (end_o, with its event) by its last
// store, by an error of its configuration (at once, without running), by the watchdog, or by a bus error once the port
// has drained; an abort (abort_o) has no event. A bus error of a job is noted in its results, and acted upon when the
// job is the head. After every clear the port drains before the next job starts.
// If several meet in one cycle: a bus error beats the last store, the last store beats the watchdog, and whatever
// ends a job in the cycle of a SOFT_CLEAR has ended it: the clear finds no running job.
`default_nettype none

module redmule_supervisor
  import redmule_pkg::*;
  import redmule_control_pkg::*;
(
    input  logic   clk_i,
    input  logic   rst_ni,
    input  logic   head_valid_i,
    input  error_e head_error_i,
    input  logic   head_failed_i,    // a bus error was noted for it
    input  logic   head_failing_i,   // and is, this cycle
    input  word_t  head_watchdog_i,
    input  logic   soft_clear_i,
    input  logic   job_done_i,
    input  logic   port_idle_i,
    input  logic   port_transfer_i,
    output logic   run_o,            // the head runs
    output logic   clear_o,
    output logic   end_o,            // the job ends, this cycle
    output logic   abort_o,          // the job is dropped, this cycle
    output error_e error_o,          // what goes wrong in this cycle, if anything
    output logic   running_o,        // the head of the queue has begun and not ended
    output logic   restart_o,        // from the cycle after a clear until the next job may start
    output logic   blocked_o         // the port drains after a clear
);

  logic draining_d, draining_q;  // from the cycle after a clear until the port is idle
  word_t silent_d, silent_q;  // cycles of the job since its last transfer

  logic ready, refused, failed, failing, done, expired, drained;

  assign ready = head_valid_i & ~draining_q;
  assign refused = ready && head_error_i != ErrNone;
  assign run_o = ready && head_error_i == ErrNone;

  assign failed = run_o & head_failed_i;
  assign done = run_o & ~head_failed_i & job_done_i;
  assign expired = run_o & ~head_failed_i & ~head_failing_i & ~job_done_i & ~port_transfer_i & (head_watchdog_i != '0) &
                   (silent_q == head_watchdog_i - 1'b1);
  assign failing = head_valid_i & draining_q & head_failed_i;
  assign drained = failing & port_idle_i;

  assign end_o = refused | done | expired | drained;
  assign running_o = run_o | refused | failing;
  assign abort_o = soft_clear_i & running_o & ~end_o;
  assign clear_o = soft_clear_i | failed | expired;
  assign restart_o = draining_q;
  assign blocked_o = draining_q & ~port_idle_i;

  always_comb begin
    error_o = ErrNone;
    if (refused) error_o = head_error_i;
    if (expired) error_o = ErrWatchdog;
  end

  assign draining_d = clear_o | blocked_o;
  assign silent_d   = (run_o & ~port_transfer_i & ~end_o & ~clear_o) ? silent_q + 1'b1 : '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      draining_q <= 1'b0;
      silent_q   <= '0;
    end else begin
      draining_q <= draining_d;
      silent_q   <= silent_d;
    end
  end

`ifndef SYNTHESIS
  // A job ends or is dropped, never both.
  AbortedJobsHaveNoEvent :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !(end_o && abort_o));

  // No job runs before the port has drained after a clear.
  NoJobInTheCycleAfterAClear :
  assert property (@(posedge clk_i) disable iff (!rst_ni) clear_o |=> !run_o);
`endif

endmodule

`default_nettype wire
