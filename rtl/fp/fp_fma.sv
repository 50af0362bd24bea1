// SPDX-License-Identifier: SHL-0.51
// Fused multiply-add in binary16: z = a * b + c, rounded once (to nearest, ties to even), with full subnormals, the
// canonical NaN and the flags of RISC-V. The result appears PipeRegs enabled cycles after the operands; en_i has one
// enable for each pipeline register, the first one first. Data registers are not reset.
`default_nettype none

module fp_fma
  import fp_pkg::*;
  import fp_fma_pkg::*;
#(
    parameter  int unsigned PipeRegs = 3,
    localparam int unsigned StageEn  = PipeRegs == 0 ? 1 : PipeRegs
) (
    input  logic                 clk_i,
    input  logic   [StageEn-1:0] en_i,
    input  fp16_t                a_i,
    input  fp16_t                b_i,
    input  fp16_t                c_i,
    output fp16_t                z_o,
    output flags_t               flags_o
);

  localparam int unsigned Cuts = 4;
  localparam int unsigned AfterMultiply = 0;
  localparam int unsigned AfterAdd = 1;
  localparam int unsigned AfterCount = 2;
  localparam int unsigned AfterNormalise = 3;

  // Where the registers stand, so that the longest stage is as short as the steps allow. Columns: after normalise,
  // count, add, multiply.
  localparam logic [Cuts-1:0] Registers[Cuts+1] = '{
      4'b0000,  // multiply add count normalise round
      4'b0100,  // multiply add count | normalise round
      4'b0101,  // multiply | add count | normalise round
      4'b1101,  // multiply | add count | normalise | round
      4'b1111  //  multiply | add | count | normalise | round
  };
  localparam logic [Cuts-1:0] Registered = Registers[PipeRegs];

  if (PipeRegs > Cuts) begin : g_too_many_registers
    $fatal(1, "PipeRegs = %0d is not in 0 .. %0d", PipeRegs, Cuts);
  end

  // Index of the register at a cut, or of any if there is none.
  function automatic int unsigned index(int unsigned cut);
    int unsigned earlier = 0;
    for (int unsigned i = 0; i < cut; i++) if (Registered[i]) earlier++;
    return earlier < StageEn ? earlier : 0;
  endfunction

  products_t products_d, products_q;
  term_t addend_d, addend_q, sum_d, sum_q;
  counted_t counted_d, counted_q;
  normal_t normal_d, normal_q;

  fp_fma_multiply i_multiply (
      .a_i,
      .b_i,
      .c_i,
      .products_o(products_d),
      .addend_o  (addend_d)
  );

  fp_pipe #(
      .Registered(Registered[AfterMultiply]),
      .Data(products_t)
  ) i_products (
      .clk_i,
      .en_i(en_i[index(AfterMultiply)]),
      .d_i (products_d),
      .q_o (products_q)
  );

  fp_pipe #(
      .Registered(Registered[AfterMultiply]),
      .Data(term_t)
  ) i_addend (
      .clk_i,
      .en_i(en_i[index(AfterMultiply)]),
      .d_i (addend_d),
      .q_o (addend_q)
  );

  fp_fma_add i_add (
      .products_i(products_q),
      .addend_i  (addend_q),
      .sum_o     (sum_d)
  );

  fp_pipe #(
      .Registered(Registered[AfterAdd]),
      .Data(term_t)
  ) i_sum (
      .clk_i,
      .en_i(en_i[index(AfterAdd)]),
      .d_i (sum_d),
      .q_o (sum_q)
  );

  fp_fma_count i_count (
      .sum_i    (sum_q),
      .counted_o(counted_d)
  );

  fp_pipe #(
      .Registered(Registered[AfterCount]),
      .Data(counted_t)
  ) i_counted (
      .clk_i,
      .en_i(en_i[index(AfterCount)]),
      .d_i (counted_d),
      .q_o (counted_q)
  );

  fp_fma_normalise i_normalise (
      .counted_i(counted_q),
      .normal_o (normal_d)
  );

  fp_pipe #(
      .Registered(Registered[AfterNormalise]),
      .Data(normal_t)
  ) i_normal (
      .clk_i,
      .en_i(en_i[index(AfterNormalise)]),
      .d_i (normal_d),
      .q_o (normal_q)
  );

  fp_fma_round i_round (
      .normal_i(normal_q),
      .z_o,
      .flags_o
  );

endmodule

`default_nettype wire
