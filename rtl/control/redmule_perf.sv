// SPDX-License-Identifier: SHL-0.51
// The results of one context: every cycle of its job (run_i) is counted once in all and once by what it was spent on,
// exceptions accumulate, and an error (error_i not ErrNone, or failed_i: of the bus) is kept with its address. clear_i
// starts anew.
`default_nettype none

module redmule_perf
  import fp_pkg::*;
  import redmule_pkg::*;
  import redmule_control_pkg::*;
(
    input  logic    clk_i,
    input  logic    rst_ni,
    input  logic    clear_i,
    input  logic    run_i,          // this cycle belongs to its job
    input  cycle_e  cycle_i,
    input  flags_t  flags_i,
    input  error_e  error_i,
    input  logic    failed_i,       // the memory answers it with an error
    input  addr_t   failed_addr_i,
    output result_t result_o
);

  result_t result_q;

  assign result_o = result_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      result_q <= '0;
    end else if (clear_i) begin
      result_q <= '0;
    end else begin
      if (run_i) begin
        result_q.cycles <= result_q.cycles + 1'b1;
        result_q.counters[cycle_i] <= result_q.counters[cycle_i] + 1'b1;
      end
      result_q.flags <= result_q.flags | flags_i;
      if (error_i != ErrNone) begin
        result_q.error <= error_i;
      end else if (failed_i && result_q.error == ErrNone) begin
        result_q.error <= ErrBus;
        result_q.error_addr <= failed_addr_i;
      end
    end
  end

`ifndef SYNTHESIS
  // Every cycle has a reason that is counted.
  EveryCycleHasACounter :
  assert property (@(posedge clk_i) disable iff (!rst_ni) run_i |-> cycle_i <= CycleDrain);

  // The first error of a job stays.
  FirstErrorStays :
  assert property (@(posedge clk_i) disable iff (!rst_ni) error_i != ErrNone |-> result_q.error == ErrNone);
`endif

endmodule

`default_nettype wire
