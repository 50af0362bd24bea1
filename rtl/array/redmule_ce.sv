// SPDX-License-Identifier: SHL-0.51
// One computing element: acc' = op2(op1(x, w), acc), PipeRegs + 1 advances (en_i) after its operands; with en_i low
// everything holds. A step that is not active hands its accumulator on untouched. flags_o is zero unless valid_o is
// high and the step was active. Reset and clear_i drop the steps in flight; data registers move only for valid steps,
// and those of the multiply-add and of the accumulator beside it only where the step needs them.
`default_nettype none

module redmule_ce
  import fp_pkg::*;
  import fp_math_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned PipeRegs = 3
) (
    input  logic   clk_i,
    input  logic   rst_ni,
    input  logic   clear_i,
    input  logic   en_i,
    input  logic   valid_i,
    input  logic   active_i,
    input  op_e    op_i,
    input  fp16_t  x_i,
    input  fp16_t  w_i,
    input  fp16_t  acc_i,
    output logic   valid_o,
    output fp16_t  acc_o,
    output flags_t flags_o
);

  localparam int unsigned StageEn = PipeRegs == 0 ? 1 : PipeRegs;

  // Where a step finds its result at the end of the pipeline.
  typedef enum logic [1:0] {
    FromCarry,  // what travelled beside the multiply-add
    FromFma,    // the multiply-add
    FromMax,    // the greater or
    FromMin     // the smaller of the two
  } source_e;

  typedef struct packed {
    source_e source;
    logic    nv;      // raised on the way in
    fp16_t   carry;
  } step_t;

  // Operands of the multiply-add: x * w + acc, x * 1 + w, x * w + -0.
  logic is_add, is_mul;
  fp16_t b, c;
  assign is_add = op_i inside {OpAddMax, OpAddMin};
  assign is_mul = op_i inside {OpMulMax, OpMulMin};
  assign b = is_add ? One : w_i;
  assign c = is_add ? w_i : is_mul ? MinusZero : acc_i;

  // An op without arithmetic is done on the way in and carried to the end.
  fp16_t inner, outer;
  logic inner_nv, outer_nv;
  fp_minmax i_inner (
      .a_i(x_i),
      .b_i(w_i),
      .is_max_i(op_i == OpMaxMin),
      .z_o(inner),
      .nv_o(inner_nv)
  );
  fp_minmax i_outer (
      .a_i(inner),
      .b_i(acc_i),
      .is_max_i(op_i == OpMinMax),
      .z_o(outer),
      .nv_o(outer_nv)
  );

  step_t first;
  always_comb begin
    first.source = FromCarry;
    first.nv = 1'b0;
    first.carry = acc_i;
    if (active_i) begin
      unique case (op_i)
        OpMaxMin, OpMinMax: begin
          first.carry = outer;
          first.nv = inner_nv || outer_nv;
        end
        OpAddMax, OpMulMax: first.source = FromMax;
        OpAddMin, OpMulMin: first.source = FromMin;
        default: first.source = FromFma;
      endcase
    end
  end

  // The stages: what enters is the step at the input, what leaves is that before the output register.
  logic [PipeRegs:0] valid_q;
  logic [StageEn-1:0] fma_en;
  step_t last;

  for (genvar i = 0; i < PipeRegs; i++) begin : g_stage
    step_t step_d, step_q;
    logic valid;
    if (i == 0) begin : g_first
      assign step_d = first;
      assign valid  = en_i && valid_i;
    end else begin : g_further
      assign step_d = g_stage[i-1].step_q;
      assign valid  = en_i && valid_q[i-1];
    end
    assign fma_en[i] = valid && step_d.source != FromCarry;
    always_ff @(posedge clk_i) begin
      if (valid) begin
        step_q.source <= step_d.source;
        step_q.nv <= step_d.nv;
        if (step_d.source != FromFma) step_q.carry <= step_d.carry;
      end
    end
  end

  logic last_valid;
  if (PipeRegs == 0) begin : g_no_stage
    assign fma_en = '0;
    assign last = first;
    assign last_valid = valid_i;
  end else begin : g_last
    assign last = g_stage[PipeRegs-1].step_q;
    assign last_valid = valid_q[PipeRegs-1];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (clear_i) valid_q <= '0;
    else if (en_i) valid_q <= (PipeRegs + 1)'({valid_q, valid_i});
  end

  fp16_t  fma_z;
  flags_t fma_flags;
  fp_fma #(
      .PipeRegs(PipeRegs)
  ) i_fma (
      .clk_i,
      .en_i(fma_en),
      .a_i(x_i),
      .b_i(b),
      .c_i(c),
      .z_o(fma_z),
      .flags_o(fma_flags)
  );

  fp16_t minmax_z;
  logic  minmax_nv;
  fp_minmax i_minmax (
      .a_i(fma_z),
      .b_i(last.carry),
      .is_max_i(last.source == FromMax),
      .z_o(minmax_z),
      .nv_o(minmax_nv)
  );

  fp16_t acc_d, acc_q;
  flags_t flags_d, flags_q;
  always_comb begin
    flags_d = fma_flags;
    unique case (last.source)
      FromCarry: begin
        acc_d = last.carry;
        flags_d = NoFlags;
        flags_d.nv = last.nv;
      end
      FromFma: acc_d = fma_z;
      default: begin
        acc_d = minmax_z;
        flags_d.nv = fma_flags.nv || minmax_nv;
      end
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (en_i && last_valid) begin
      acc_q   <= acc_d;
      flags_q <= flags_d;
    end
  end

  assign valid_o = valid_q[PipeRegs];
  assign acc_o   = acc_q;
  assign flags_o = valid_o ? flags_q : NoFlags;

`ifndef SYNTHESIS
  // A held array holds the accumulators it hands on.
  AccumulatorHoldsWithoutEnable :
  assert property (@(posedge clk_i) !en_i |=> $stable(acc_o));
  // Clearing leaves no step in flight.
  ClearDropsEveryStep :
  assert property (@(posedge clk_i) clear_i |=> valid_q == '0);
`endif

endmodule

`default_nettype wire
