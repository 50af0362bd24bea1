// SPDX-License-Identifier: SHL-0.51
// The last byte of a matrix, and whether it lies beyond 2^32, with one adder: addr + (rows - 1) * stride + row_bytes - 1
// by shifting and adding, most significant bit first. restart_i (matrix_i is another one from the next cycle on) starts
// anew; done_o comes 18 cycles later, and last_o and beyond_o hold with it. rows and row_bytes must not be 0 for them to
// mean anything.
`default_nettype none

module redmule_extent
  import redmule_pkg::*;
  import redmule_control_pkg::*;
(
    input  logic    clk_i,
    input  logic    rst_ni,
    input  logic    restart_i,
    input  matrix_t matrix_i,
    output logic    done_o,
    output addr_t   last_o,
    output logic    beyond_o
);

  localparam int unsigned MultiplySteps = $bits(size_t);
  typedef logic [$clog2(MultiplySteps):0] step_t;
  localparam step_t StepRow = step_t'(MultiplySteps);
  localparam step_t StepAddr = StepRow + 1'b1;
  localparam step_t StepDone = StepAddr + 1'b1;

  step_t step_d, step_q;
  addr_t last_d, last_q;
  logic beyond_d, beyond_q;

  size_t multiplier;
  addr_t shifted, addend;
  logic shifted_out, carry;

  assign done_o   = step_q == StepDone;
  assign last_o   = last_q;
  assign beyond_o = beyond_q;

  // step     0 .. 15                     16                17
  // last_d   2 * last + bit * stride     last + row - 1    last + addr
  always_comb begin
    step_d = step_q;
    last_d = last_q;
    beyond_d = beyond_q;
    multiplier = '0;
    {shifted_out, shifted} = {1'b0, last_q};
    addend = '0;
    carry = 1'b0;
    if (!done_o) begin
      unique case (step_q)
        StepRow:  addend = matrix_i.row_bytes - 1'b1;
        StepAddr: addend = matrix_i.operand.addr;
        default: begin
          {shifted_out, shifted} = {last_q, 1'b0};
          multiplier = (matrix_i.rows - 1'b1) << step_q;
          if (multiplier[MultiplySteps-1]) addend = matrix_i.operand.stride;
        end
      endcase
      {carry, last_d} = {1'b0, shifted} + {1'b0, addend};
      beyond_d = beyond_q | shifted_out | carry;
      step_d = step_q + 1'b1;
    end
    if (restart_i) begin
      step_d   = '0;
      last_d   = '0;
      beyond_d = 1'b0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      step_q   <= StepDone;
      last_q   <= '0;
      beyond_q <= 1'b0;
    end else begin
      step_q   <= step_d;
      last_q   <= last_d;
      beyond_q <= beyond_d;
    end
  end

`ifndef SYNTHESIS
  // The unit comes to its end: no step beyond the last one.
  StepsEndAtDone :
  assert property (@(posedge clk_i) disable iff (!rst_ni) step_q <= StepDone);

  // A result once there stays until the next restart.
  ResultHoldsUntilRestart :
  assert property (@(posedge clk_i) disable iff (!rst_ni) done_o && !restart_i |=> done_o && $stable(beyond_o));
`endif

endmodule

`default_nettype wire
