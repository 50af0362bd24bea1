// SPDX-License-Identifier: SHL-0.51
// First step of the fused multiply-add: the partial products of a and b, the addend c aligned to them in the window,
// and the special cases. Combinational.
`default_nettype none

module fp_fma_multiply
  import fp_pkg::*;
  import fp_math_pkg::*;
  import fp_fma_pkg::*;
(
    input  fp16_t     a_i,
    input  fp16_t     b_i,
    input  fp16_t     c_i,
    output products_t products_o,
    output term_t     addend_o
);

  localparam int unsigned DistanceBits = ExpBits + 2;
  typedef logic signed [DistanceBits-1:0] distance_t;

  fields_t a, b, c;
  mag_t a_mag, b_mag, c_mag;
  assign a = a_i;
  assign b = b_i;
  assign c = c_i;
  assign a_mag = mag_t'(a);
  assign b_mag = mag_t'(b);
  assign c_mag = mag_t'(c);

  logic product_sign, subtract;
  assign product_sign = a.sign ^ b.sign;
  assign subtract = product_sign ^ c.sign;

  // Product: a times the lower and the upper half of b.
  sig_t b_sig;
  logic [LowBits-1:0] b_low;
  logic [HighBits-1:0] b_high;
  assign b_sig = significand(b_mag);
  assign {b_high, b_low} = b_sig;
  assign products_o.low = (SigBits + LowBits)'(significand(a_mag)) * (SigBits + LowBits)'(b_low);
  assign products_o.high = (SigBits + HighBits)'(significand(a_mag)) * (SigBits + HighBits)'(b_high);

  // Exponent of the leftmost place: with the addend at the left end of the window it is that of c. The product fixes
  // it to a + b - bias + 1 (two places before its binary point) + SigBits + GuardBits = a + b - 1 (so the bias of
  // binary16 makes it). The greater one counts; the addend is shifted right by the distance.
  logic product_is_zero, addend_leads;
  wide_exp_t product_exp;
  distance_t distance;
  assign product_is_zero = is_zero(a_mag) || is_zero(b_mag);
  assign product_exp = wide_exp_t'(scale(a.exponent)) + wide_exp_t'(scale(b.exponent)) - 1'b1;
  assign distance = distance_t'(scale(
      a.exponent
  )) + distance_t'(scale(
      b.exponent
  )) - distance_t'(scale(
      c.exponent
  )) - distance_t'(1);
  assign addend_leads = product_is_zero || distance < 0;

  //     ccccccccccc 00000000000000000000000000 00000000000
  //     --- shift -> ccccccccccc                            from the left end ...
  //                                            ccccccccccc  ... until it lies below the window
  //     |------------- window ---------------| |- sticky -|
  count_t shift;
  sig_t   below;
  always_comb begin
    if (addend_leads) shift = '0;
    else if (distance > distance_t'(WindowBits)) shift = count_t'(WindowBits);
    else shift = count_t'(distance);
  end
  assign {addend_o.bits, below} = {significand(c_mag), (WindowBits)'(0)} >> shift;
  assign addend_o.sticky = below != '0;
  assign addend_o.subtract = subtract;

  // Infinities and NaNs.
  logic any_nan, product_is_inf;
  head_t head;
  assign any_nan = is_nan(a_mag) || is_nan(b_mag) || is_nan(c_mag);
  assign product_is_inf = is_infinite(a_mag) || is_infinite(b_mag);
  always_comb begin
    head.sign = product_sign;
    head.exponent = addend_leads ? wide_exp_t'(scale(c.exponent)) : product_exp;
    head.special = SpecialNone;
    head.nv = 1'b0;
    if (any_nan || product_is_inf || is_infinite(c_mag)) begin
      head.nv = is_signalling(a_mag) || is_signalling(b_mag) || is_signalling(c_mag) ||
          (product_is_inf && product_is_zero) || (product_is_inf && is_infinite(c_mag) && subtract && !any_nan);
      if (any_nan || head.nv) head.special = SpecialNan;
      else if (product_is_inf ? product_sign : c.sign) head.special = SpecialMinusInf;
      else head.special = SpecialPlusInf;
    end
  end
  assign addend_o.head = head;

`ifndef SYNTHESIS
  // An addend that reaches below the window is smaller than the product, so the borrow of the sticky part is safe.
  always_comb begin
    StickyAddendIsSmaller :
    assert (!addend_o.sticky || addend_o.bits >> GuardBits
        < window_t'(products_o.low) + (window_t'(products_o.high) << LowBits));
  end
  // The window starts at an exponent that a subnormal result can be shifted back to.
  always_comb begin
    ExponentIsPositive : assert (addend_o.head.exponent != '0);
  end
`endif

endmodule

`default_nettype wire
