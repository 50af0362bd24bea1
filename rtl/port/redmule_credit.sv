// SPDX-License-Identifier: SHL-0.51
// Counts places of a buffer that are reserved: take_i reserves one, give_i returns one, both may come at once.
// free_o says that take_i is allowed. Reserving before asking is what lets every response be taken at once.
`default_nettype none

module redmule_credit #(
    parameter  int unsigned Depth = 2,
    localparam int unsigned Width = $clog2(Depth + 1)
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic clear_i,
    input  logic take_i,
    input  logic give_i,
    output logic free_o
);

  logic [Width-1:0] used_d, used_q;

  assign free_o = used_q != Width'(Depth);
  assign used_d = clear_i ? '0 : used_q + Width'(take_i) - Width'(give_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) used_q <= '0;
    else used_q <= used_d;
  end

`ifndef SYNTHESIS
  // Nobody takes a place that is not there.
  CreditNotOverdrawn :
  assert property (@(posedge clk_i) disable iff (!rst_ni) take_i && !clear_i |-> free_o);
  // Nobody returns a place that was not taken.
  CreditNotReturnedTwice :
  assert property (@(posedge clk_i) disable iff (!rst_ni) give_i && !clear_i |-> used_q != '0);
`endif

endmodule

`default_nettype wire
