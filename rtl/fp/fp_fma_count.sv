// SPDX-License-Identifier: SHL-0.51
// Third step of the fused multiply-add: counts the leading zeros of the sum and settles the sign of an exact zero.
// Combinational.
`default_nettype none

module fp_fma_count
  import fp_math_pkg::*;
  import fp_fma_pkg::*;
(
    input  term_t    sum_i,
    output counted_t counted_o
);

  count_t zeros;
  fp_lzc #(
      .Width(WindowBits)
  ) i_lzc (
      .bits_i (sum_i.bits),
      .count_o(zeros)
  );

  // Terms of different signs that cancel give +0.
  always_comb begin
    counted_o.head   = sum_i.head;
    counted_o.sticky = sum_i.sticky;
    counted_o.zeros  = zeros;
    counted_o.bits   = sum_i.bits;
    if (sum_i.subtract && sum_i.bits == '0) counted_o.head.sign = 1'b0;
  end

endmodule

`default_nettype wire
