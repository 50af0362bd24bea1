// SPDX-License-Identifier: SHL-0.51
// redmule_lines: the count is what came less what was taken, with a user that never brings more than there is room for
// and takes only what is there. Several lines may come at once, in the same cycle as one goes.
`default_nettype none

module lines_proof
  import redmule_pkg::*;
#(
    parameter  int unsigned Depth = 32,
    localparam int unsigned Width = $clog2(Depth + 1)
) (
    input logic   clk_i,
    input logic   rst_ni,
    input logic   clear_i,
    input elems_t add_i,
    input logic   take_i
);

  localparam int unsigned SumBits = 32;

  typedef logic [SumBits-1:0] sum_t;

  logic [Width-1:0] count;
  sum_t lines_q;

  redmule_lines #(
      .Depth(Depth)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .clear_i,
      .add_i,
      .take_i,
      .count_o(count)
  );

  proof_reset u_reset (.*);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) lines_q <= '0;
    else if (clear_i) lines_q <= '0;
    else lines_q <= lines_q + sum_t'(add_i) - sum_t'(take_i);
  end

  always_comb begin
    BringsWhatThereIsRoomFor : assume (sum_t'(add_i) <= sum_t'(Depth) - lines_q);
    TakesWhatIsThere : assume (!take_i || lines_q != '0);
    if (rst_ni) begin
      CountIsWhatIsThere : assert (sum_t'(count) == lines_q);
      NeverMoreThanDepth : assert (lines_q <= sum_t'(Depth));
    end
  end

endmodule

`default_nettype wire
