// SPDX-License-Identifier: SHL-0.51
// pulp_wide_branch behind pulp_branch_arbiter, any requests, addresses and byte enables, any requests of the other branch:
// grants, answers, and how long a request waits. A request waits for at most NumWide * den conflict cycles, if the share
// lets the wide branch win at all: in each den conflict cycles it wins one, and at most NumWide - 1 others go first.
`default_nettype none

module wide_proof
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned NumWide   = 2,
    parameter  int unsigned PortWidth = 32,
    parameter  int unsigned NumBanks  = 2,
    parameter  int unsigned BankWords = 3,
    parameter  addr_t       Base      = '0,
    localparam int unsigned DataWidth = PortWidth + WordBits,
    localparam type         port_t    = logic                [$clog2(NumWide + 1)-1:0]
) (
    input logic                           clk_i,
    input logic                           rst_ni,
    input arbiter_cfg_t                   cfg_i,
    input logic                           cfg_set_i,
    input logic         [   NumBanks-1:0] log_req_i,
    input logic         [    NumWide-1:0] req_i,
    input addr_t                          add_i    [ NumWide],
    input logic         [    NumWide-1:0] wen_i,
    input logic         [DataWidth/8-1:0] be_i     [ NumWide],
    input logic         [  DataWidth-1:0] data_i   [ NumWide],
    input word_t                          rdata_i  [NumBanks],
    input port_t                          follow_i
);

  localparam int unsigned NumWords = DataWidth / WordBits;
  localparam int unsigned PlaceBits = $bits(addr_t) + 1;
  localparam int unsigned CountBits = $bits(cfg_i.den) + $clog2(NumWide + 1);

  typedef logic [PlaceBits-1:0] place_t;
  typedef logic [CountBits-1:0] count_t;
  typedef logic [DataWidth/8+$bits(addr_t):0] access_t;

  localparam place_t Begin = place_t'(Base);
  localparam place_t End = place_t'(Base) + place_t'(NumBanks * BankWords * WordBytes);

  logic [NumWide-1:0] gnt, r_valid, r_err;
  logic [DataWidth-1:0] r_data[NumWide];
  logic [NumBanks-1:0] log_gnt, touches;
  logic req, branch_gnt, wen, conflict;
  addr_t  row[NumBanks];
  lanes_t be [NumBanks];

  pulp_wide_branch #(
      .NumWide  (NumWide),
      .PortWidth(PortWidth),
      .NumBanks (NumBanks),
      .BankWords(BankWords),
      .Base     (Base)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .req_i,
      .gnt_o       (gnt),
      .add_i,
      .wen_i,
      .be_i,
      .data_i,
      .r_valid_o   (r_valid),
      .r_data_o    (r_data),
      .r_err_o     (r_err),
      .req_o       (req),
      .gnt_i       (branch_gnt),
      .touches_o   (touches),
      .bank_row_o  (row),
      .bank_wen_o  (wen),
      .bank_be_o   (be),
      .bank_wdata_o(),
      .bank_rdata_i(rdata_i)
  );

  pulp_branch_arbiter #(
      .NumBanks(NumBanks)
  ) u_arbiter (
      .clk_i,
      .rst_ni,
      .cfg_i,
      .cfg_set_i,
      .log_req_i,
      .log_gnt_o     (log_gnt),
      .wide_req_i    (req),
      .wide_touches_i(touches),
      .wide_gnt_o    (branch_gnt),
      .conflict_o    (conflict)
  );

  proof_reset u_reset (.*);
  proof_config u_config (.*);

  for (genvar w = 0; w < NumWide; w++) begin : gen_port
    proof_port #(
        .access_t(access_t)
    ) u_port (
        .clk_i,
        .rst_ni,
        .req_i   (req_i[w]),
        .gnt_i   (gnt[w]),
        .access_i({add_i[w], wen_i[w], be_i[w]})
    );
  end

  // What an access must do, from its own address alone.
  place_t place[NumWide][NumWords];
  logic [NumWords-1:0] enabled[NumWide], outside[NumWide];
  logic [NumWide-1:0] touching;
  logic [NumBanks-1:0] wanted[NumWide];

  always_comb begin
    for (int unsigned w = 0; w < NumWide; w++) begin
      wanted[w] = '0;
      for (int unsigned i = 0; i < NumWords; i++) begin
        place[w][i]   = place_t'(add_i[w]) - place_t'(add_i[w] % WordBytes) + place_t'(WordBytes * i);
        enabled[w][i] = be_i[w][i*WordBytes+:WordBytes] != '0;
        outside[w][i] = enabled[w][i] && (place[w][i] < Begin || place[w][i] >= End);
        if (enabled[w][i]) wanted[w][(place[w][i]-Begin)/WordBytes%NumBanks] = 1'b1;
      end
      touching[w] = enabled[w] != '0 && outside[w] == '0;
    end
  end

  // What was granted in the cycle before, and what waited.
  logic [NumWide-1:0] granted_q, failed_q;
  logic waited_q;
  logic [NumBanks-1:0] touched_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      granted_q <= '0;
      failed_q  <= '0;
      waited_q  <= 1'b0;
      touched_q <= '0;
    end else begin
      granted_q <= gnt;
      for (int unsigned w = 0; w < NumWide; w++) failed_q[w] <= outside[w] != '0;
      waited_q  <= req && !branch_gnt;
      touched_q <= touches;
    end
  end

  always_comb begin
    if (rst_ni) begin
      OneGrantAtATime : assert ((gnt & (gnt - 1'b1)) == '0 && (gnt & ~req_i) == '0);
      LoserOfAConflictTouchesNothing : assert (!req || branch_gnt == (gnt != '0));
      NoBankServesBothBranches : assert (!branch_gnt || (log_gnt & touches) == '0);
      NoDeadlock : assert (req_i == '0 || conflict || gnt != '0);
      ChosenRequestStays : assert (!waited_q || (req && touches == touched_q));
      EachGrantIsAnsweredInTheNextCycle : assert (r_valid == granted_q);
      ErrorIffOutside : assert ((r_err & granted_q) == (failed_q & granted_q));
    end
  end

  for (genvar w = 0; w < NumWide; w++) begin : gen_rules
    always_comb begin
      if (rst_ni) begin
        GrantTouchesTheWantedBanks :
        assert (!gnt[w] || (touching[w] ? req && branch_gnt && touches == wanted[w] : !req));
      end
    end
  end

  // Waiting. Of a request that waits: how many others were granted, and how many conflict cycles passed.
  //   The credit of the arbiter says how near the next win is; a rank, how many may still go first.
  localparam int unsigned RankBits = $clog2(2 * NumWide + 1);

  typedef logic [RankBits-1:0] rank_t;

  logic bounded;
  logic [NumWide-1:0] behind, held;
  count_t credit, saved;

  assign behind = u_dut.u_turn.behind_q;
  assign held = u_dut.held_q;
  assign bounded = cfg_i.den != '0 && (cfg_i.wide_first ? cfg_i.num < cfg_i.den : cfg_i.num != '0);
  assign credit = count_t'(u_arbiter.credit_q);
  assign saved = cfg_i.wide_first ? count_t'(cfg_i.den) - 1'b1 - credit : credit;

  always_comb begin
    if (rst_ni) begin
      InvTurnIsBehindOne : assert ((~behind & (~behind + 1'b1)) == '0);
      InvOneIsHeld : assert ((held & (held - 1'b1)) == '0 && (held & ~req_i) == '0);
      InvCreditIsLessThanDen : assert (u_arbiter.credit_q == '0 || u_arbiter.credit_q < cfg_i.den);
    end
  end

  // Those that stand between the turn and an initiator; if another one is held, that one, and those behind it.
  rank_t rank[NumWide];

  always_comb begin
    for (int unsigned w = 0; w < NumWide; w++) begin
      rank[w] = '0;
      for (int unsigned v = 0; v < NumWide; v++) begin
        if (v != w && (behind[w] ? behind[v] && v < w : behind[v] || v < w)) rank[w] += 1'b1;
      end
      for (int unsigned v = 0; v < NumWide; v++) begin
        if (held[v]) rank[w] = rank_t'((w + NumWide - v) % NumWide);
      end
    end
  end

  // One initiator, any, is followed.
  proof_port #(
      .access_t(port_t)
  ) u_follow (
      .clk_i,
      .rst_ni,
      .req_i   (1'b1),
      .gnt_i   (1'b0),
      .access_i(follow_i)
  );

  rank_t  others_q;
  count_t conflicts_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      others_q    <= '0;
      conflicts_q <= '0;
    end else if (!req_i[follow_i] || gnt[follow_i]) begin
      others_q    <= '0;
      conflicts_q <= '0;
    end else begin
      others_q    <= others_q + rank_t'(gnt != '0);
      conflicts_q <= cfg_set_i || !bounded ? '0 : conflicts_q + count_t'(conflict);
    end
  end

  always_comb begin
    FollowsAnInitiator : assume (follow_i < NumWide);
    if (rst_ni) begin
      InvRankFalls : assert (others_q + rank[follow_i] < rank_t'(NumWide));
      OthersGoFirstOnceEach : assert (others_q < rank_t'(NumWide));
      InvEachDenConflictsServeOne :
      assert (!bounded || conflicts_q <= count_t'(others_q) * count_t'(cfg_i.den) + saved);
      WaitIsBounded : assert (!bounded || conflicts_q <= count_t'(NumWide) * count_t'(cfg_i.den));
    end
  end

endmodule

`default_nettype wire
