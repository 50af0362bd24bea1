// SPDX-License-Identifier: SHL-0.51
// redmule_row with flat ports: what belongs to the first element stands in the lowest bits.
`default_nettype none

module row_top
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter  int unsigned RowLen   = 4,
    parameter  int unsigned PipeRegs = 3,
    localparam int unsigned OpBits   = $bits(op_e),
    localparam int unsigned ElemBits = $bits(fp16_t),
    localparam int unsigned FlagBits = $bits(flags_t)
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        clear_i,
    input  logic                        en_i,
    input  logic  [         RowLen-1:0] load_i,
    input  fp16_t                       x_i,
    input  logic  [         RowLen-1:0] active_i,
    input  logic  [  RowLen*OpBits-1:0] op_i,
    input  logic  [RowLen*ElemBits-1:0] w_i,
    input  logic                        valid_i,
    input  fp16_t                       acc_i,
    output logic                        valid_o,
    output fp16_t                       acc_o,
    output logic  [RowLen*FlagBits-1:0] flags_o
);

  op_e op[RowLen];
  fp16_t w[RowLen];
  flags_t flags[RowLen];

  always_comb begin
    for (int unsigned h = 0; h < RowLen; h++) begin
      op[h] = op_e'(op_i[h*OpBits+:OpBits]);
      w[h] = w_i[h*ElemBits+:ElemBits];
      flags_o[h*FlagBits+:FlagBits] = flags[h];
    end
  end

  redmule_row #(
      .RowLen  (RowLen),
      .PipeRegs(PipeRegs)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .clear_i,
      .en_i,
      .load_i,
      .x_i,
      .active_i,
      .op_i(op),
      .w_i(w),
      .valid_i,
      .acc_i,
      .valid_o,
      .acc_o,
      .flags_o(flags)
  );

endmodule

`default_nettype wire
