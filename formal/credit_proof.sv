// SPDX-License-Identifier: SHL-0.51
// redmule_credit before a redmule_fifo of the same depth: one that takes a credit before it asks, and asks only where
// free_o, never overruns the FIFO, whenever the answers come; and every credit comes back.
`default_nettype none

module credit_proof #(
    parameter  int unsigned Depth      = 5,
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    input logic take_i,
    input logic push_i,
    input logic pop_i
);

  typedef logic [CountWidth-1:0] count_t;

  logic free, valid;
  count_t count, asked_q;

  redmule_credit #(
      .Depth(Depth)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .clear_i,
      .take_i,
      .give_i(pop_i),
      .free_o(free)
  );

  redmule_fifo #(
      .Depth(Depth)
  ) u_fifo (
      .clk_i,
      .rst_ni,
      .clear_i,
      .push_i,
      .data_i (1'b0),
      .pop_i,
      .valid_o(valid),
      .data_o (),
      .count_o(count)
  );

  proof_reset u_reset (.*);

  // Asked for, not yet answered.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) asked_q <= '0;
    else if (clear_i) asked_q <= '0;
    else asked_q <= asked_q + count_t'(take_i) - count_t'(push_i);
  end

  typedef logic [CountWidth:0] sum_t;

  sum_t reserved;

  assign reserved = sum_t'(asked_q) + sum_t'(count);

  always_comb begin
    TakesOnlyWhatIsFree : assume (!take_i || free);
    OnlyWhatIsAskedForComes : assume (!push_i || asked_q != '0);
    PopsWhatIsThere : assume (!pop_i || valid);
    if (rst_ni) begin
      InvCreditsAreReserved : assert (sum_t'(u_dut.used_q) == reserved);
      FifoIsNotOverrun : assert (!push_i || count != count_t'(Depth));
      NeverMoreThanDepthReserved : assert (reserved <= sum_t'(Depth));
      FreeUnlessAllIsReserved : assert (free == (reserved != sum_t'(Depth)));
    end
  end

endmodule

`default_nettype wire
