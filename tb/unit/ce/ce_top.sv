// SPDX-License-Identifier: SHL-0.51
// One computing element with flat ports, and what its data registers hold.
//   fma_regs_o   the multiply-add: all stages behind its first register (constant without registers)
//   carry_o      the first register of the path beside it
`default_nettype none

module ce_top
  import fp_pkg::*;
  import redmule_pkg::*;
  import fp_fma_pkg::*;
#(
    parameter  int unsigned PipeRegs = 3,
    localparam int unsigned RegBits  = $bits(counted_t) + $bits(normal_t),
    localparam int unsigned OpBits   = 3
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       clear_i,
    input  logic                       en_i,
    input  logic                       valid_i,
    input  logic                       active_i,
    input  logic  [        OpBits-1:0] op_i,
    input  fp16_t                      x_i,
    input  fp16_t                      w_i,
    input  fp16_t                      acc_i,
    output logic                       valid_o,
    output fp16_t                      acc_o,
    output logic  [$bits(flags_t)-1:0] flags_o,
    output logic  [       RegBits-1:0] fma_regs_o,
    output fp16_t                      carry_o
);

  flags_t flags;
  assign flags_o = flags;

  redmule_ce #(
      .PipeRegs(PipeRegs)
  ) i_dut (
      .clk_i,
      .rst_ni,
      .clear_i,
      .en_i,
      .valid_i,
      .active_i,
      .op_i(op_e'(op_i)),
      .x_i,
      .w_i,
      .acc_i,
      .valid_o,
      .acc_o,
      .flags_o(flags)
  );

  if (PipeRegs == 0) begin : g_no_register
    assign fma_regs_o = '0;
    assign carry_o = '0;
  end else begin : g_registers
    assign fma_regs_o = {i_dut.i_fma.counted_q, i_dut.i_fma.normal_q};
    assign carry_o = i_dut.g_stage[0].step_q.carry;
  end

endmodule

`default_nettype wire
