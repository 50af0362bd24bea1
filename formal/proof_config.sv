// SPDX-License-Identifier: SHL-0.51
// Assumption: the configuration of the arbiter changes only in reset or in the cycle after cfg_set_i.
`default_nettype none

module proof_config
  import pulp_cluster_pkg::*;
(
    input logic         clk_i,
    input logic         rst_ni,
    input arbiter_cfg_t cfg_i,
    input logic         cfg_set_i
);

  logic holds_q = 1'b0;
  arbiter_cfg_t cfg_q;

  always_ff @(posedge clk_i) begin
    holds_q <= rst_ni && !cfg_set_i;
    cfg_q   <= cfg_i;
  end

  always_comb begin
    ConfigurationHolds : assume (!holds_q || cfg_i == cfg_q);
  end

endmodule

`default_nettype wire
