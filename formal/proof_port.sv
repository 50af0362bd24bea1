// SPDX-License-Identifier: SHL-0.51
// Assumption: a request of an initiator that is not granted holds, with all that belongs to it.
`default_nettype none

module proof_port #(
    parameter type access_t = logic
) (
    input logic    clk_i,
    input logic    rst_ni,
    input logic    req_i,
    input logic    gnt_i,
    input access_t access_i
);

  logic waits_q = 1'b0;
  access_t access_q;

  always_ff @(posedge clk_i) begin
    waits_q  <= rst_ni && req_i && !gnt_i;
    access_q <= access_i;
  end

  always_comb begin
    WaitingRequestHolds : assume (!waits_q || !rst_ni || (req_i && access_i == access_q));
  end

endmodule

`default_nettype wire
