// SPDX-License-Identifier: SHL-0.51
// Assumption: the first cycle is in reset. Later ones may be, too.
`default_nettype none

module proof_reset (
    input logic clk_i,
    input logic rst_ni
);

  logic started_q = 1'b0;

  always_ff @(posedge clk_i) started_q <= 1'b1;

  always_comb begin
    StartsInReset : assume (started_q || !rst_ni);
  end

endmodule

`default_nettype wire
