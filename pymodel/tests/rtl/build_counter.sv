// SPDX-License-Identifier: SHL-0.51
// Counts the cycles in which en_i is high; count_o is the count so far, modulo 2^Width. For the test of the build cache.
`default_nettype none

module build_counter #(
    parameter int unsigned Width = 8
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             en_i,
    output logic [Width-1:0] count_o
);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) count_o <= '0;
    else if (en_i) count_o <= count_o + 1'b1;
  end

`ifndef SYNTHESIS
  // A counter that is not enabled keeps its count.
  HoldsWhenDisabled :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !en_i |=> $stable(count_o));
`endif

endmodule

`default_nettype wire
