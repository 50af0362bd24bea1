// SPDX-License-Identifier: SHL-0.51
// Last step of the fused multiply-add: rounds to nearest, ties to even, packs the result and forms its flags.
// Combinational.
`default_nettype none

module fp_fma_round
  import fp_pkg::*;
  import fp_math_pkg::*;
  import fp_fma_pkg::*;
(
    input  normal_t normal_i,
    output fp16_t   z_o,
    output flags_t  flags_o
);

  localparam int unsigned PackedBits = ExpBits + 1 + FracBits;
  typedef logic [PackedBits-1:0] packed_t;

  logic inexact, round_up, overflow, tiny;
  sig_t sig;
  packed_t rounded;
  assign sig = normal_i.significand;
  assign inexact = normal_i.guard || normal_i.round || normal_i.sticky;
  assign round_up = rounds_up(sig[0], normal_i.guard, normal_i.round || normal_i.sticky);

  // The hidden bit and a carry of the rounding add to the exponent by themselves:
  //     eeeeee ..........      exponent - 1
  //          1 ffffffffff      significand
  //                     1      round up
  assign rounded = ((packed_t'(normal_i.head.exponent) - 1'b1) << FracBits) + packed_t'(sig) + packed_t'(round_up);
  assign overflow = rounded >= packed_t'(Infinity);

  // Tiny after rounding: below the smallest normal number even when rounded with one place more, which only
  // 0.1111111111 11 escapes.
  assign tiny = !sig[SigBits-1] && !(&sig[FracBits-1:0] && normal_i.guard && normal_i.round);

  always_comb begin
    unique case (normal_i.head.special)
      SpecialNan: z_o = QuietNan;
      SpecialPlusInf: z_o = {1'b0, Infinity};
      SpecialMinusInf: z_o = {1'b1, Infinity};
      default: z_o = {normal_i.head.sign, overflow ? Infinity : mag_t'(rounded)};
    endcase
    flags_o = NoFlags;
    if (normal_i.head.special == SpecialNone) begin
      flags_o.of = overflow;
      flags_o.uf = tiny && inexact;
      flags_o.nx = inexact || overflow;
    end
    flags_o.nv = normal_i.head.nv;
  end

`ifndef SYNTHESIS
  // What leaves the range is inexact.
  always_comb begin
    RangeFlagsAreInexact : assert (flags_o.nx || !(flags_o.of || flags_o.uf));
  end
`endif

endmodule

`default_nettype wire
