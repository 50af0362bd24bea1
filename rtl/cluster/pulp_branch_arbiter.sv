// SPDX-License-Identifier: SHL-0.51
// Decides between the branches. In a conflict cycle (the wide request touches a bank that a logarithmic request wants)
// one branch wins: if the logarithmic one does, the wide request waits; if the wide one does, the logarithmic requests
// on the banks it touches wait. All else is granted.
//   The branch without priority wins num of any den conflict cycles in a row, evenly spread: none if num or den is 0,
//   all if num >= den (then the branch with priority has no bound on its waiting).
//   cfg_set_i: cfg_i changes with the next cycle; the share begins anew. Grants depend on requests, state and cfg_i.
`default_nettype none

module pulp_branch_arbiter
  import pulp_cluster_pkg::*;
#(
    parameter int unsigned NumBanks = 16
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  arbiter_cfg_t                cfg_i,
    input  logic                        cfg_set_i,
    input  logic         [NumBanks-1:0] log_req_i,
    output logic         [NumBanks-1:0] log_gnt_o,
    input  logic                        wide_req_i,
    input  logic         [NumBanks-1:0] wide_touches_i,
    output logic                        wide_gnt_o,
    output logic                        conflict_o
);

  localparam int unsigned ShareBits = $bits(cfg_i.den);

  typedef logic [ShareBits-1:0] share_t;
  typedef logic [ShareBits:0] sum_t;

  // What the branch without priority has saved up, less than den. Each conflict cycle adds num; a win takes den away.
  //   num 3, den 7   credit 0 3 6 2 5 1 4 0   wins . . w . w . w
  share_t credit_d, credit_q;
  sum_t sum;
  logic always_wins, wins, wide_wins;

  assign conflict_o = wide_req_i & ((wide_touches_i & log_req_i) != '0);

  assign sum = sum_t'(credit_q) + sum_t'(cfg_i.num);
  assign always_wins = cfg_i.den != '0 && cfg_i.num >= cfg_i.den;
  assign wins = cfg_i.den != '0 && sum >= sum_t'(cfg_i.den);
  assign wide_wins = cfg_i.wide_first ^ wins;

  always_comb begin
    credit_d = credit_q;
    if (cfg_set_i || always_wins || cfg_i.den == '0) credit_d = '0;
    else if (conflict_o) credit_d = wins ? share_t'(sum - sum_t'(cfg_i.den)) : share_t'(sum);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) credit_q <= '0;
    else credit_q <= credit_d;
  end

  assign wide_gnt_o = wide_req_i & (~conflict_o | wide_wins);
  assign log_gnt_o  = log_req_i & ~(wide_gnt_o ? wide_touches_i : '0);

`ifndef SYNTHESIS
  // So no sum overflows.
  CreditIsLessThanDen :
  assert property (@(posedge clk_i) disable iff (!rst_ni) credit_q == '0 || credit_q < cfg_i.den);
  // A configuration changes only when it is announced.
  ConfigurationHolds :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !cfg_set_i |=> $stable(cfg_i));
  // One branch wins a conflict, and only one.
  OneBranchWinsAConflict :
  assert property (@(posedge clk_i) disable iff (!rst_ni) conflict_o |-> wide_gnt_o != (log_gnt_o == log_req_i));
  // Without a conflict nobody waits.
  NobodyWaitsWithoutConflict :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      !conflict_o |-> wide_gnt_o == wide_req_i && log_gnt_o == log_req_i);
`endif

endmodule

`default_nettype wire
