// SPDX-License-Identifier: SHL-0.51
// pulp_branch_arbiter, any requests: who is granted in a cycle with a conflict and in one without.
`default_nettype none

module arbiter_proof
  import pulp_cluster_pkg::*;
#(
    parameter int unsigned NumBanks = 16
) (
    input logic                        clk_i,
    input logic                        rst_ni,
    input arbiter_cfg_t                cfg_i,
    input logic                        cfg_set_i,
    input logic         [NumBanks-1:0] log_req_i,
    input logic                        wide_req_i,
    input logic         [NumBanks-1:0] wide_touches_i
);

  logic [NumBanks-1:0] log_gnt, contested;
  logic wide_gnt, conflict;

  pulp_branch_arbiter #(
      .NumBanks(NumBanks)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .cfg_i,
      .cfg_set_i,
      .log_req_i,
      .log_gnt_o (log_gnt),
      .wide_req_i,
      .wide_touches_i,
      .wide_gnt_o(wide_gnt),
      .conflict_o(conflict)
  );

  proof_reset u_reset (.*);
  proof_config u_config (.*);

  assign contested = log_req_i & wide_touches_i & {NumBanks{wide_req_i}};

  always_comb begin
    if (rst_ni) begin
      ConflictIsTwoBranchesAtOneBank : assert (conflict == (contested != '0));
      NobodyWaitsWithoutConflict : assert (conflict || (log_gnt == log_req_i && wide_gnt == wide_req_i));
      LogWinsAllOfAConflict : assert (!conflict || wide_gnt || log_gnt == log_req_i);
      WideWinsAllItsBanks : assert (!conflict || !wide_gnt || log_gnt == (log_req_i & ~wide_touches_i));
      PriorityWinsWithoutShare :
      assert (!conflict || (cfg_i.num != '0 && cfg_i.den != '0) || wide_gnt == cfg_i.wide_first);
      OtherWinsWithTheWholeShare :
      assert (!conflict || cfg_i.den == '0 || cfg_i.num < cfg_i.den || wide_gnt != cfg_i.wide_first);
    end
  end

endmodule

`default_nettype wire
