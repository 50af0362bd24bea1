// SPDX-License-Identifier: SHL-0.51
// The greater or the smaller of two binary16 numbers, as fmax and fmin of RISC-V: a NaN loses against a number, two
// NaNs give the canonical one, -0 < +0, and a signalling NaN raises NV. Combinational.
`default_nettype none

module fp_minmax
  import fp_pkg::*;
  import fp_math_pkg::*;
(
    input  fp16_t a_i,
    input  fp16_t b_i,
    input  logic  is_max_i,
    output fp16_t z_o,
    output logic  nv_o
);

  // Sign and magnitude as an unsigned number of the same order: negative numbers run backwards, below the others.
  function automatic fp16_t rank(fields_t number);
    return number.sign ? ~number : number | MinusZero;
  endfunction

  mag_t a_mag, b_mag;
  logic a_is_greater;
  assign a_mag = mag_t'(a_i);
  assign b_mag = mag_t'(b_i);
  assign a_is_greater = rank(a_i) > rank(b_i);

  always_comb begin
    if (is_nan(a_mag)) z_o = is_nan(b_mag) ? QuietNan : b_i;
    else if (is_nan(b_mag)) z_o = a_i;
    else z_o = a_is_greater == is_max_i ? a_i : b_i;
  end

  assign nv_o = is_signalling(a_mag) || is_signalling(b_mag);

`ifndef SYNTHESIS
  // No other NaN than the canonical one comes out, so none that signals.
  always_comb begin
    NanIsCanonical : assert (!is_nan(mag_t'(z_o)) || z_o == QuietNan);
  end
`endif

endmodule

`default_nettype wire
