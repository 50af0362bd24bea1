// SPDX-License-Identifier: SHL-0.51
// Picks one of those who ask, in turn: the search begins behind the one that was served last.
//   pick_o:   one hot, combinational; 0 if nobody asks. It may change from cycle to cycle until it is served.
//   served_i: the picked one is served in this cycle; only then does the turn move.
// Whoever keeps asking sees at most NumRequests - 1 others served before it.
`default_nettype none

module pulp_round_robin #(
    parameter int unsigned NumRequests = 10
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic [NumRequests-1:0] req_i,
    input  logic                   served_i,
    output logic [NumRequests-1:0] pick_o
);

  logic [NumRequests-1:0] behind_q;  // those that stand behind the one served last
  logic [NumRequests-1:0] first;  // of these the lowest is picked

  // req 0110 0101, behind 1111 0000: first 0110 0000, pick 0010 0000, then behind 1100 0000
  assign first  = (req_i & behind_q) != '0 ? req_i & behind_q : req_i;
  assign pick_o = first & -first;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) behind_q <= '0;
    else if (served_i) behind_q <= ~(pick_o | (pick_o - 1'b1));
  end

`ifndef SYNTHESIS
  // One that asks is picked whenever any asks.
  OneRequesterIsPicked :
  assert property (@(posedge clk_i) disable iff (!rst_ni) $onehot0(
      pick_o
  ) && (pick_o & req_i) == pick_o && (pick_o != '0) == (req_i != '0));
  // Nothing is served unless somebody asks.
  ServedOneAsked :
  assert property (@(posedge clk_i) disable iff (!rst_ni) served_i |-> req_i != '0);
`endif

endmodule

`default_nettype wire
