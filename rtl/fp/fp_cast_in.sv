// SPDX-License-Identifier: SHL-0.51
// From a storage format to binary16. Exact but for bf16, which rounds to nearest even. A NaN becomes the canonical
// one and raises NV if it signals; fp16 passes bit for bit, without flags. A code of 8 bits is in the lower byte and
// the upper one does not count. Combinational.
`default_nettype none

module fp_cast_in
  import fp_pkg::*;
  import fp_math_pkg::*;
  import fp_format_pkg::*;
(
    input  format_e        format_i,
    input  logic    [15:0] code_i,
    output fp16_t          z_o,
    output flags_t         flags_o
);

  format_t format;
  logic sign;
  mag_t magnitude;
  assign format = Formats[format_i];
  assign sign = format.is_byte ? code_i[ByteBits-1] : code_i[MagBits];
  assign magnitude = format.is_byte ? mag_t'(code_i[ByteBits-2:0]) : mag_t'(code_i);

  // 8-bit formats: with the binary points aligned, the code read as binary16 is worth 2^-rebias of its number.
  //     e4m3  0eeeemmm0000000     a subnormal one is normalised: 1.xx times 2^(rebias - zeros)
  //     e5m2  eeeeemm00000000     no difference
  localparam int unsigned ByteFracBits = 32'(Formats[FmtE4M3].frac_bits);
  localparam int unsigned ZeroBits = $clog2(ByteFracBits);
  mag_t from_byte;
  logic [ByteFracBits-1:0] byte_frac;
  logic [ZeroBits-1:0] zeros;

  assign byte_frac = ByteFracBits'(magnitude);
  fp_lzc #(
      .Width(ByteFracBits)
  ) i_lzc (
      .bits_i (byte_frac),
      .count_o(zeros)
  );

  always_comb begin
    exp_t  exponent;
    frac_t fraction;
    {exponent, fraction} = magnitude << (FracBits - 32'(format.frac_bits));
    if (format.rebias != '0 && !is_zero(magnitude)) begin
      if (exponent == '0) begin
        exponent = exp_t'(format.rebias) - exp_t'(zeros);
        fraction = (fraction << zeros) << 1;
      end else begin
        exponent += exp_t'(format.rebias);
      end
    end
    from_byte = {exponent, fraction};
  end

  // bf16: wider exponents, so it overflows, or is shifted right below the exponents of binary16.
  //     1mmmmmmm000 000000000000
  //     0001mmmmmmm 000000000000   >> shift
  //     |- kept --| |g|-sticky-|
  localparam int unsigned Bf16FracBits = 32'(Formats[FmtBf16].frac_bits);
  localparam int unsigned Bf16ExpBits = MagBits - Bf16FracBits;
  localparam int unsigned BelowBits = SigBits + 1;
  localparam int unsigned ShiftBits = $clog2(BelowBits + 1);
  typedef logic signed [Bf16ExpBits:0] bf16_exp_t;
  mag_t   from_bf16;
  flags_t bf16_flags;

  always_comb begin
    bf16_exp_t exponent;
    logic [Bf16ExpBits-1:0] stored;
    logic [Bf16FracBits-1:0] fraction;
    logic [ShiftBits-1:0] shift;
    sig_t kept;
    logic guard;
    logic [BelowBits-2:0] rest;
    {stored, fraction} = magnitude;
    exponent = bf16_exp_t'({1'b0, stored}) + bf16_exp_t'(Formats[FmtBf16].rebias);
    bf16_flags = NoFlags;
    {shift, kept, guard, rest} = '0;
    if (exponent >= bf16_exp_t'({1'b0, {ExpBits{1'b1}}})) begin
      from_bf16 = Infinity;
      bf16_flags.of = 1'b1;
      bf16_flags.nx = 1'b1;
    end else if (exponent > 0) begin
      from_bf16 = {exp_t'(exponent), fraction, {(FracBits - Bf16FracBits) {1'b0}}};
    end else begin
      shift = exponent > -bf16_exp_t'(SigBits) ? ShiftBits'(1) - ShiftBits'(exponent) : ShiftBits'(BelowBits);
      kept = {stored != '0, fraction, {(FracBits - Bf16FracBits) {1'b0}}};
      {kept, guard, rest} = {kept, BelowBits'(0)} >> shift;
      from_bf16 = mag_t'(kept) + mag_t'(rounds_up(kept[0], guard, rest != '0));
      bf16_flags.nx = guard || rest != '0;
      bf16_flags.uf = bf16_flags.nx;  // 8 bits of significand are exact above: inexact means tiny
    end
  end

  always_comb begin
    flags_o = NoFlags;
    if (format_i == FmtFp16) begin
      z_o = code_i;
    end else if (magnitude > format.top) begin
      z_o = QuietNan;
      flags_o.nv = magnitude < format.nan;
    end else if (format.has_inf && magnitude == format.top) begin
      z_o = {sign, Infinity};
    end else if (format.is_byte) begin
      z_o = {sign, from_byte};
    end else begin
      z_o = {sign, from_bf16};
      flags_o = bf16_flags;
    end
  end

`ifndef SYNTHESIS
  // Nothing but fp16 itself carries a signalling NaN into the arithmetic.
  always_comb begin
    CastNanIsQuiet : assert (format_i == FmtFp16 || !is_signalling(mag_t'(z_o)));
  end
`endif

endmodule

`default_nettype wire
