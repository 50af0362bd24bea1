// SPDX-License-Identifier: SHL-0.51
// What the arithmetic units know about binary16: the fields, the constants, and what kind of number a code is.
`default_nettype none

package fp_math_pkg;

  import fp_pkg::*;

  localparam int unsigned ExpBits = 5;
  localparam int unsigned FracBits = 10;
  localparam int unsigned SigBits = FracBits + 1;  // the significand: hidden bit and fraction
  localparam int unsigned MagBits = ExpBits + FracBits;  // everything but the sign

  typedef logic [ExpBits-1:0] exp_t;
  typedef logic [FracBits-1:0] frac_t;
  typedef logic [SigBits-1:0] sig_t;
  typedef logic [MagBits-1:0] mag_t;

  typedef struct packed {
    logic  sign;
    exp_t  exponent;
    frac_t fraction;
  } fields_t;

  localparam mag_t Infinity = {{ExpBits{1'b1}}, {FracBits{1'b0}}};
  localparam mag_t SmallestNormal = mag_t'(1) << FracBits;
  localparam mag_t QuietBit = mag_t'(1) << (FracBits - 1);
  localparam fp16_t QuietNan = {1'b0, Infinity | QuietBit};  // the canonical NaN
  localparam fp16_t MinusZero = {1'b1, {MagBits{1'b0}}};
  localparam fp16_t One = {1'b0, 1'b0, {(ExpBits - 1) {1'b1}}, {FracBits{1'b0}}};

  localparam flags_t NoFlags = '0;

  // What kind of number a magnitude is.
  function automatic logic is_zero(mag_t magnitude);
    return magnitude == '0;
  endfunction

  function automatic logic is_infinite(mag_t magnitude);
    return magnitude == Infinity;
  endfunction

  function automatic logic is_nan(mag_t magnitude);
    return magnitude > Infinity;
  endfunction

  function automatic logic is_signalling(mag_t magnitude);
    return is_nan(magnitude) && (magnitude & QuietBit) == '0;
  endfunction

  // A subnormal has no hidden bit and the exponent of the smallest normal number.
  function automatic sig_t significand(mag_t magnitude);
    return {magnitude >= SmallestNormal, frac_t'(magnitude)};
  endfunction

  function automatic exp_t scale(exp_t exponent);
    return exponent == '0 ? exp_t'(1) : exponent;
  endfunction

  // Round to nearest, ties to even: whether what is kept goes up by one in its last place.
  function automatic logic rounds_up(logic odd, logic guard, logic sticky);
    return guard && (sticky || odd);
  endfunction

endpackage

`default_nettype wire
