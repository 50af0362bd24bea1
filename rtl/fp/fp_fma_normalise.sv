// SPDX-License-Identifier: SHL-0.51
// Fourth step of the fused multiply-add: shifts the leading one of the sum to the left end of the window, or as far
// as the smallest exponent allows, and condenses the rest below the significand. Combinational.
`default_nettype none

module fp_fma_normalise
  import fp_math_pkg::*;
  import fp_fma_pkg::*;
(
    input  counted_t counted_i,
    output normal_t  normal_o
);

  localparam int unsigned RestBits = WindowBits - SigBits - GuardBits;

  logic [RestBits-1:0] rest;
  wide_exp_t limit, shift;
  assign limit = counted_i.head.exponent - 1'b1;
  assign shift = counted_i.zeros < limit ? counted_i.zeros : limit;

  //     000...0001sssssssssgr...        zeros
  //     1ssssssssssgr.......000   <<    shift
  //     |- sig ---|gr|- rest -|
  always_comb begin
    normal_o.head = counted_i.head;
    normal_o.head.exponent = counted_i.head.exponent - shift;
    {normal_o.significand, normal_o.guard, normal_o.round, rest} = counted_i.bits << shift;
    normal_o.sticky = counted_i.sticky || rest != '0;
  end

`ifndef SYNTHESIS
  // However far the sum is shifted, the exponent stays one that can be stored.
  always_comb begin
    ExponentStaysPositive : assert (counted_i.head.exponent == '0 || normal_o.head.exponent != '0);
  end
`endif

endmodule

`default_nettype wire
