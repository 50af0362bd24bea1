// SPDX-License-Identifier: SHL-0.51
// The longest wait of Num requesters: how often counts_i was high while one request waited, at most.
// worst_o knows of a wait a cycle later, so that no long path ends here.
// clear_i begins anew: what has been counted of requests that still wait is forgotten as well.
`default_nettype none

module pulp_worst_wait
  import pulp_cluster_pkg::*;
#(
    parameter int unsigned Num = 1
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    input  logic            clear_i,
    input  logic            counts_i,
    input  logic  [Num-1:0] waits_i,
    output word_t           worst_o
);

  word_t worst_d;
  word_t waited_d[Num], waited_q[Num];

  always_comb begin
    worst_d = worst_o;
    for (int unsigned i = 0; i < Num; i++) begin
      waited_d[i] = waits_i[i] ? waited_q[i] + word_t'(counts_i) : '0;
      if (waited_q[i] > worst_d) worst_d = waited_q[i];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      worst_o  <= '0;
      waited_q <= '{default: '0};
    end else if (clear_i) begin
      worst_o  <= '0;
      waited_q <= '{default: '0};
    end else begin
      worst_o  <= worst_d;
      waited_q <= waited_d;
    end
  end

`ifndef SYNTHESIS
  // The worst is forgotten only on demand.
  WorstOnlyGrows :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !clear_i |=> worst_o >= $past(worst_o));
`endif

endmodule

`default_nettype wire
