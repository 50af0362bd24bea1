// SPDX-License-Identifier: SHL-0.51
// Second step of the fused multiply-add: the magnitude and the sign of product + addend. Both differences are formed
// side by side, so that no negation follows the addition. Combinational.
`default_nettype none

module fp_fma_add
  import fp_math_pkg::*;
  import fp_fma_pkg::*;
(
    input  products_t products_i,
    input  term_t     addend_i,
    output term_t     sum_o
);

  typedef logic [WindowBits:0] wide_t;  // one place more, for the borrow

  //     00000000000 00 hhhhhhhhhhhhhhhh000000 00
  //     00000000000 00 00000lllllllllllllllll 00
  window_t product;
  assign product = (window_t'(products_i.low) << GuardBits) + (window_t'(products_i.high) << (GuardBits + LowBits));

  // If a part of the addend is below the window, the true difference is a fraction less: one less, and a sticky rest.
  wide_t product_less_addend;
  window_t addend_less_product;
  logic addend_is_greater;
  assign product_less_addend = wide_t'(product) - wide_t'(addend_i.bits) - wide_t'(addend_i.sticky);
  assign addend_less_product = addend_i.bits - product;
  assign addend_is_greater   = product_less_addend > wide_t'({WindowBits{1'b1}});

  always_comb begin
    sum_o = addend_i;
    if (!addend_i.subtract) begin
      sum_o.bits = product + addend_i.bits;
    end else if (addend_is_greater) begin
      sum_o.bits = addend_less_product;
      sum_o.head.sign = !addend_i.head.sign;
    end else begin
      sum_o.bits = window_t'(product_less_addend);
    end
  end

`ifndef SYNTHESIS
  // The greater term gives the sign of a difference.
  always_comb begin
    SignFollowsTheGreaterTerm :
    assert ((sum_o.head.sign != addend_i.head.sign) == (addend_i.subtract && addend_is_greater));
  end
`endif

endmodule

`default_nettype wire
