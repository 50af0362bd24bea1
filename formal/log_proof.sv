// SPDX-License-Identifier: SHL-0.51
// pulp_log_branch behind pulp_branch_arbiter, any requests, addresses and byte enables, any requests of the other branch:
// grants, answers, and how long a request waits. A request waits for at most NumPorts * den conflict cycles, if the share
// lets this branch win at all: in each den conflict cycles its bank serves one, and at most NumPorts - 1 others go first.
`default_nettype none

module log_proof
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned NumPorts  = 3,
    parameter  int unsigned NumBanks  = 2,
    parameter  int unsigned BankWords = 3,
    parameter  addr_t       Base      = '0,
    localparam type         port_t    = logic [$clog2(NumPorts + 1)-1:0]
) (
    input logic                        clk_i,
    input logic                        rst_ni,
    input arbiter_cfg_t                cfg_i,
    input logic                        cfg_set_i,
    input logic         [NumPorts-1:0] req_i,
    input word_req_t                   access_i      [NumPorts],
    input logic                        wide_req_i,
    input logic         [NumBanks-1:0] wide_touches_i,
    input word_t                       rdata_i       [NumBanks],
    input port_t                       follow_i
);

  localparam int unsigned PlaceBits = $bits(addr_t) + 1;
  localparam int unsigned CountBits = $bits(cfg_i.den) + $clog2(NumPorts + 1);

  typedef logic [PlaceBits-1:0] place_t;
  typedef logic [CountBits-1:0] count_t;

  localparam place_t Begin = place_t'(Base);
  localparam place_t End = place_t'(Base) + place_t'(NumBanks * BankWords * WordBytes);

  logic [NumPorts-1:0] gnt, r_valid;
  word_rsp_t rsp[NumPorts];
  logic [NumBanks-1:0] bank_req, bank_gnt, bank_wen;
  addr_t  row  [NumBanks];
  lanes_t be   [NumBanks];
  word_t  wdata[NumBanks];
  logic conflict, wide_gnt;

  pulp_log_branch #(
      .NumPorts (NumPorts),
      .NumBanks (NumBanks),
      .BankWords(BankWords),
      .Base     (Base)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .req_i,
      .gnt_o       (gnt),
      .access_i,
      .r_valid_o   (r_valid),
      .rsp_o       (rsp),
      .bank_req_o  (bank_req),
      .bank_gnt_i  (bank_gnt),
      .bank_row_o  (row),
      .bank_wen_o  (bank_wen),
      .bank_be_o   (be),
      .bank_wdata_o(wdata),
      .bank_rdata_i(rdata_i)
  );

  pulp_branch_arbiter #(
      .NumBanks(NumBanks)
  ) u_arbiter (
      .clk_i,
      .rst_ni,
      .cfg_i,
      .cfg_set_i,
      .log_req_i (bank_req),
      .log_gnt_o (bank_gnt),
      .wide_req_i,
      .wide_touches_i,
      .wide_gnt_o(wide_gnt),
      .conflict_o(conflict)
  );

  proof_reset u_reset (.*);
  proof_config u_config (.*);

  for (genvar p = 0; p < NumPorts; p++) begin : gen_port
    proof_port #(
        .access_t(word_req_t)
    ) u_port (
        .clk_i,
        .rst_ni,
        .req_i   (req_i[p]),
        .gnt_i   (gnt[p]),
        .access_i(access_i[p])
    );
  end

  // What an access must do, from its own address alone.
  typedef logic [NumBanks-1:0] banks_t;

  place_t word[NumPorts];
  logic [NumPorts-1:0] inside_memory;
  banks_t wanted[NumPorts], served[NumPorts];

  always_comb begin
    for (int unsigned p = 0; p < NumPorts; p++) begin
      inside_memory[p] = place_t'(access_i[p].add) >= Begin && place_t'(access_i[p].add) < End;
      word[p] = (place_t'(access_i[p].add) - Begin) / WordBytes;
      wanted[p] = '0;
      if (inside_memory[p] && access_i[p].be != '0) wanted[p][word[p]%NumBanks] = 1'b1;
      served[p] = gnt[p] ? wanted[p] : '0;
    end
  end

  logic [NumPorts-1:0] granted_q, failed_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      granted_q <= '0;
      failed_q  <= '0;
    end else begin
      granted_q <= gnt;
      failed_q  <= ~inside_memory;
    end
  end

  // Waiting, as in wide_proof.
  localparam int unsigned RankBits = $clog2(2 * NumPorts + 1);

  typedef logic [RankBits-1:0] rank_t;

  logic [NumPorts-1:0] behind[NumBanks];
  logic bounded;
  count_t credit, saved;

  assign bounded = cfg_i.den != '0 && (cfg_i.wide_first ? cfg_i.num != '0 : cfg_i.num < cfg_i.den);
  assign credit  = count_t'(u_arbiter.credit_q);
  assign saved   = cfg_i.wide_first ? credit : count_t'(cfg_i.den) - 1'b1 - credit;

  for (genvar b = 0; b < NumBanks; b++) begin : gen_bank
    assign behind[b] = u_dut.gen_bank[b].u_turn.behind_q;

    // Ports that this bank serves in this cycle.
    logic [NumPorts-1:0] users;

    always_comb begin
      for (int unsigned p = 0; p < NumPorts; p++) users[p] = served[p][b];
      if (rst_ni) begin
        InvTurnIsBehindOne : assert ((~behind[b] & (~behind[b] + 1'b1)) == '0);
        BankServesOneAccess : assert ((users & (users - 1'b1)) == '0);
        BankServesWhenItIsGranted : assert ((users != '0) == bank_gnt[b]);
      end
    end
  end

  always_comb begin
    if (rst_ni) begin
      InvCreditIsLessThanDen : assert (u_arbiter.credit_q == '0 || u_arbiter.credit_q < cfg_i.den);
      EachGrantIsAnsweredInTheNextCycle : assert (r_valid == granted_q);
      NothingIsGrantedUnasked : assert ((gnt & ~req_i) == '0);
    end
  end

  // Of each port: what its bank does, and how many stand between the turn of that bank and it.
  logic [NumPorts-1:0] bank_serves;
  rank_t rank[NumPorts];

  for (genvar p = 0; p < NumPorts; p++) begin : gen_rules
    logic [NumPorts-1:0] turn;
    logic wide_wins;

    always_comb begin
      turn = '0;
      for (int unsigned b = 0; b < NumBanks; b++) if (wanted[p][b]) turn = behind[b];
      rank[p] = '0;
      for (int unsigned v = 0; v < NumPorts; v++) begin
        if (v != p && (turn[p] ? turn[v] && v < p : turn[v] || v < p)) rank[p] += 1'b1;
      end
    end

    assign bank_serves[p] = (wanted[p] & bank_gnt) != '0;
    assign wide_wins = conflict && wide_gnt && (wanted[p] & wide_touches_i) != '0;

    always_comb begin
      if (rst_ni) begin
        NobodyWaitsForNothing : assert (!req_i[p] || gnt[p] || (wanted[p] != '0 && bank_serves[p] != wide_wins));
        ErrorIffOutside : assert (!granted_q[p] || rsp[p].err == failed_q[p]);
        BankGetsTheAccess :
        assert (served[p] == '0 || (row[word[p] % NumBanks] == addr_t'(word[p] / NumBanks)
            && be[word[p] % NumBanks] == access_i[p].be && wdata[word[p] % NumBanks] == access_i[p].data
            && bank_wen[word[p] % NumBanks] == access_i[p].wen));
      end
    end
  end

  // One port, any, is followed.
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
      others_q    <= others_q + rank_t'(bank_serves[follow_i]);
      conflicts_q <= cfg_set_i || !bounded ? '0 : conflicts_q + count_t'(conflict);
    end
  end

  always_comb begin
    FollowsAPort : assume (follow_i < NumPorts);
    if (rst_ni) begin
      InvRankFalls : assert (others_q + rank[follow_i] < rank_t'(NumPorts));
      OthersGoFirstOnceEach : assert (others_q < rank_t'(NumPorts));
      InvEachDenConflictsServeOne :
      assert (!bounded || conflicts_q <= count_t'(others_q) * count_t'(cfg_i.den) + saved);
      WaitIsBounded : assert (!bounded || conflicts_q <= count_t'(NumPorts) * count_t'(cfg_i.den));
    end
  end

endmodule

`default_nettype wire
