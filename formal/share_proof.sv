// SPDX-License-Identifier: SHL-0.51
// pulp_branch_arbiter, any num < den of 8 bits, any requests: in den conflict cycles in a row, from any cycle on, the
// branch without priority wins exactly num, and its wins are evenly spread: after n conflicts they differ from n * num / den
// by less than one. No multiplier is needed: owed is num * (conflicts left), due is den * (wins left); both begin as the
// same product. Assumed is only that they are such products: 0 when nothing is left, else at least one step
// (pymodel/tests/test_formal.py tries all of them).
`default_nettype none

module share_proof
  import pulp_cluster_pkg::*;
#(
    parameter int unsigned NumBanks = 2
) (
    input logic                        clk_i,
    input logic                        rst_ni,
    input arbiter_cfg_t                cfg_i,
    input logic                        cfg_set_i,
    input logic         [NumBanks-1:0] log_req_i,
    input logic                        wide_req_i,
    input logic         [NumBanks-1:0] wide_touches_i,
    input logic                        open_i,          // the window begins with this cycle
    input logic         [        15:0] product_i        // num * den
);

  typedef logic [$bits(cfg_i.den)-1:0] share_t;
  typedef logic [$bits(product_i)-1:0] product_t;
  typedef logic signed [$bits(product_i)+1:0] difference_t;

  logic wide_gnt, conflict;

  pulp_branch_arbiter #(
      .NumBanks(NumBanks)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .cfg_i,
      .cfg_set_i,
      .log_req_i,
      .log_gnt_o (),
      .wide_req_i,
      .wide_touches_i,
      .wide_gnt_o(wide_gnt),
      .conflict_o(conflict)
  );

  proof_reset u_reset (.*);
  proof_config u_config (.*);

  // A window, any: what is left of it before this cycle. It begins with the credit that the arbiter then has.
  logic open, open_q, wins;
  share_t conflicts, conflicts_q, to_win, to_win_q, first, first_q;
  product_t owed, owed_q, due, due_q;
  difference_t ahead, behind, den;

  assign open = open_q || open_i;
  assign conflicts = open_q ? conflicts_q : cfg_i.den;
  assign to_win = open_q ? to_win_q : cfg_i.num;
  assign owed = open_q ? owed_q : product_i;
  assign due = open_q ? due_q : product_i;
  assign first = open_q ? first_q : u_dut.credit_q;
  assign wins = conflict && wide_gnt != cfg_i.wide_first;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_q <= 1'b0;
    end else if (cfg_set_i) begin
      open_q <= 1'b0;
    end else begin
      open_q <= open;
    end
  end

  always_ff @(posedge clk_i) begin
    first_q     <= first;
    conflicts_q <= conflicts;
    owed_q      <= owed;
    to_win_q    <= to_win;
    due_q       <= due;
    if (conflict && conflicts != '0) begin
      conflicts_q <= conflicts - 1'b1;
      owed_q      <= owed - product_t'(cfg_i.num);
      if (wins && to_win != '0) begin
        to_win_q <= to_win - 1'b1;
        due_q    <= due - product_t'(cfg_i.den);
      end
    end
  end

  // num * (conflicts so far) - den * (wins so far), and what of it the credit of the arbiter is.
  assign ahead  = difference_t'(due) - difference_t'(owed);
  assign behind = difference_t'(u_dut.credit_q) - difference_t'(first);
  assign den    = difference_t'(cfg_i.den);

  always_comb begin
    SomethingIsShared : assume (cfg_i.num < cfg_i.den);
    OwedIsAProduct : assume (conflicts == '0 ? owed == '0 : owed >= product_t'(cfg_i.num));
    DueIsAProduct : assume (to_win == '0 ? due == '0 : due >= product_t'(cfg_i.den));
    if (rst_ni) begin
      InvCreditIsLessThanDen : assert (u_dut.credit_q < cfg_i.den && first < cfg_i.den);
      InvCreditIsTheDifference : assert (!open || conflicts == '0 || ahead == behind);
      WinsAreEvenlySpread : assert (!open || (ahead < den && -ahead < den));
      NoWinMoreThanNum : assert (!open || conflicts == '0 || to_win != '0 || !wins);
      NoWinLessThanNum : assert (!open || conflicts != '0 || to_win == '0);
    end
  end

endmodule

`default_nettype wire
