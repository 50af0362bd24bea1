// SPDX-License-Identifier: SHL-0.51
// The rules of the memory port, as far as the port shows them. Bound to the accelerator; all ports are inputs.
//   A transfer happens in a cycle with req and gnt; it gets one response, in order, in the next cycle or later.
`default_nettype none

module redmule_port_checks #(
    parameter  int unsigned PortWidth = 256,
    localparam int unsigned DataWidth = PortWidth + 32
) (
    input logic                   clk_i,
    input logic                   rst_ni,
    input logic                   req_i,
    input logic                   gnt_i,
    input logic [           31:0] add_i,
    input logic                   wen_i,     // 1 = read
    input logic [DataWidth/8-1:0] be_i,
    input logic [  DataWidth-1:0] data_i,
    input logic                   r_valid_i
);

`ifndef SYNTHESIS

  localparam int unsigned BytesPerWord = 4;

  typedef logic [$clog2(BytesPerWord)-1:0] lane_t;
  typedef logic [BytesPerWord-1:0] word_be_t;

  logic [31:0] unanswered_d, unanswered_q;

  assign unanswered_d = unanswered_q + 32'(req_i & gnt_i) - 32'(r_valid_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) unanswered_q <= '0;
    else unanswered_q <= unanswered_d;
  end

  // Rule 3: a request that waits for its grant is not withdrawn.
  WaitingRequestStays :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i && !gnt_i |=> req_i);

  // Rule 3: and says the same until then.
  WaitingRequestHolds :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i && !gnt_i |=> $stable(
      {add_i, wen_i, be_i}
  ) && (wen_i || $stable(
      data_i
  )));

  // Rule 4: the memory answers transfers that happened before, each once.
  ResponseHasATransfer :
  assert property (@(posedge clk_i) disable iff (!rst_ni) r_valid_i |-> unanswered_q != '0);

  // Addresses are those of 32-bit words.
  AddressIsAligned :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i |-> lane_t'(add_i) == '0);

  // Rule 5: the word that is addressed has a byte of a matrix; so no request is for nothing.
  AddressedWordIsUsed :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i |-> word_be_t'(be_i) != '0);

  // Rule 5: the bytes of a beat are neighbours.  be 0011 1100: adding the lowest bit carries through one run
  BytesOfABeatAreNeighbours :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i |-> ((be_i + (be_i & -be_i)) & be_i) == '0);

`endif

endmodule

`default_nettype wire
