// SPDX-License-Identifier: SHL-0.51
// Counts the cycles in which en_i is high; count_o is the count so far, modulo 2^Width. For the test of the runner.
`default_nettype none

module runner_counter #(
    parameter int unsigned Width = 8,
    parameter int unsigned Limit = 200
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             en_i,
    output logic [Width-1:0] count_o
);

  logic en_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      en_q    <= 1'b0;
      count_o <= '0;
    end else begin
      en_q <= en_i;
      if (en_q) count_o <= count_o + 1'b1;
    end
  end

`ifndef SYNTHESIS
  // The bench stops before the limit, unless it wants to see an assertion fail.
  CountBelowLimit :
  assert property (@(posedge clk_i) disable iff (!rst_ni) 32'(count_o) < Limit);
`endif

endmodule

`default_nettype wire
