// SPDX-License-Identifier: SHL-0.51
// Counts the zeros above the first one of bits_i, by halves. Combinational. If no bit is set the count is all ones.
`default_nettype none

module fp_lzc #(
    parameter int unsigned Width = 37,
    localparam int unsigned CountBits = $clog2(Width)
) (
    input  logic [    Width-1:0] bits_i,
    output logic [CountBits-1:0] count_o
);

  localparam int unsigned Padded = 1 << CountBits;

  always_comb begin
    logic [Padded-1:0] rest;
    rest = Padded'(bits_i) << (Padded - Width);
    for (int unsigned i = CountBits; i > 0; i--) begin
      count_o[i-1] = rest >> (Padded - (1 << (i - 1))) == '0;  // the upper half of what is left is empty
      if (count_o[i-1]) rest <<= 1 << (i - 1);
    end
  end

`ifndef SYNTHESIS
  // The counted zeros are zeros, and a one follows them (unless there is none at all).
  always_comb begin
    CountEndsAtTheFirstOne : assert (bits_i == '0 ? &count_o : (bits_i >> (Width - 1 - 32'(count_o))) == 1);
  end
`endif

endmodule

`default_nettype wire
