// SPDX-License-Identifier: SHL-0.51
// From binary16 to a storage format, rounded to nearest even. What is too large becomes infinity (NaN if the format
// has none) or, with saturate_i, the largest finite number. A NaN becomes the positive canonical one. fp16 passes bit
// for bit, without flags. A code of 8 bits is in the lower byte and the upper one is 0. Combinational.
`default_nettype none

module fp_cast_out
  import fp_pkg::*;
  import fp_math_pkg::*;
  import fp_format_pkg::*;
(
    input  format_e        format_i,
    input  logic           saturate_i,
    input  fp16_t          x_i,
    output logic    [15:0] code_o,
    output flags_t         flags_o
);

  localparam int unsigned BelowBits = SigBits + 1;
  localparam int unsigned RestBits = BelowBits - 2;
  localparam int unsigned ZeroBits = $clog2(FracBits);

  format_t format;
  fields_t number;
  mag_t x_mag, largest;
  logic infinite;
  assign format = Formats[format_i];
  assign number = x_i;
  assign x_mag = mag_t'(x_i);
  assign largest = format.has_inf ? format.top - 1'b1 : format.top;
  assign infinite = is_infinite(x_mag);

  // A subnormal number of binary16 is a normal one of a format with smaller exponents.
  logic [ZeroBits-1:0] zeros;
  fp_lzc #(
      .Width(FracBits)
  ) i_lzc (
      .bits_i (number.fraction),
      .count_o(zeros)
  );

  // Below the exponents of the format the significand is shifted right by more than the surplus of its bits.
  //     1ffffffffff 000000000000
  //     00001ffffff ffff00000000   >> drop
  //     |- kept --| gr|- rest -|
  typedef logic signed [$bits(rebias_t):0] wide_exp_t;  // from the rebiased smallest to the rebiased largest
  mag_t rounded;
  logic inexact, tiny;
  always_comb begin
    wide_exp_t exponent, drop;
    sig_t kept;
    logic guard, round;
    logic [RestBits-1:0] rest;
    exponent = wide_exp_t'({1'b0, scale(number.exponent)}) - wide_exp_t'(format.rebias);
    drop = wide_exp_t'(FracBits) - wide_exp_t'({1'b0, format.frac_bits});
    kept = significand(x_mag);
    if (format.rebias < 0 && number.exponent == '0) begin
      exponent -= wide_exp_t'({1'b0, zeros}) + wide_exp_t'(1);
      kept = (kept << zeros) << 1;
    end
    if (exponent < wide_exp_t'(1)) begin
      drop += wide_exp_t'(1) - exponent;
      if (drop > wide_exp_t'(BelowBits)) drop = wide_exp_t'(BelowBits);
      exponent = wide_exp_t'(1);
    end
    {kept, guard, round, rest} = {kept, BelowBits'(0)} >> drop;
    rounded = ((mag_t'(exponent) - 1'b1) << format.frac_bits) + mag_t'(kept) +
        mag_t'(rounds_up(kept[0], guard, round || rest != '0));
    inexact = guard || round || rest != '0;
    // Tiny after rounding: with one place more, only 0.11..1 11 is rounded up to the smallest normal number.
    tiny = mag_t'({kept, guard, round}) + 1'b1 < ((mag_t'(1) << 1) << 1) << format.frac_bits;
  end

  always_comb begin
    mag_t magnitude;
    logic sign;
    flags_o = NoFlags;
    magnitude = rounded;
    sign = number.sign;
    if (format_i == FmtFp16) begin
      magnitude = x_mag;
    end else if (is_nan(x_mag)) begin
      magnitude = format.nan;
      sign = 1'b0;
    end else if (is_zero(x_mag)) begin
      magnitude = '0;
    end else if (infinite || rounded > largest) begin
      magnitude = saturate_i ? largest : format.has_inf ? format.top : format.nan;
      sign = number.sign && (saturate_i || format.has_inf);
      flags_o.of = !infinite || saturate_i || !format.has_inf;
      flags_o.nx = flags_o.of;
    end else begin
      flags_o.nx = inexact;
      flags_o.uf = inexact && tiny;
    end
    code_o = format.is_byte ? 16'({sign, (ByteBits - 1)'(magnitude)}) : {sign, magnitude};
  end

`ifndef SYNTHESIS
  // A saturated result is finite.
  always_comb begin
    SaturatedIsFinite :
    assert (!saturate_i || format_i == FmtFp16 || is_nan(
        x_mag
    ) || (mag_t'(code_o) & (format.is_byte ? mag_t'(7'h7F) : '1)) <= largest);
  end
`endif

endmodule

`default_nettype wire
