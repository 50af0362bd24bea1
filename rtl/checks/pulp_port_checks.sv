// SPDX-License-Identifier: SHL-0.51
// The rules of an initiator's port of DataWidth bits; all ports are inputs. A transfer happens in a cycle with req and
// gnt; each gets one response, in order: in the next cycle if NextCycle is 1, else in that one or later.
`default_nettype none

module pulp_port_checks #(
    parameter int unsigned DataWidth = 32,
    parameter bit          NextCycle = 1'b1
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

  localparam int unsigned OffsetBits = 2;  // of a byte in its word

  typedef logic [OffsetBits-1:0] offset_t;

  logic [31:0] unanswered_d, unanswered_q;

  assign unanswered_d = unanswered_q + 32'(req_i & gnt_i) - 32'(r_valid_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) unanswered_q <= '0;
    else unanswered_q <= unanswered_d;
  end

  // A request that waits for its grant is not withdrawn.
  InitiatorKeepsItsRequest :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i && !gnt_i |=> req_i);

  // And says the same until then.
  InitiatorHoldsItsRequest :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i && !gnt_i ##1 req_i |-> $stable(
      {add_i, wen_i, be_i}
  ) && (wen_i || $stable(
      data_i
  )));

  // Addresses are those of 32-bit words.
  InitiatorAlignsItsAddress :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i |-> offset_t'(add_i) == '0);

  // Only transfers that happened before are answered, each once.
  ResponseIsDue :
  assert property (@(posedge clk_i) disable iff (!rst_ni) r_valid_i |-> unanswered_q != '0);

  // A memory that answers in the next cycle never leaves more than one answer open, and none for longer.
  if (NextCycle) begin : gen_next_cycle
    ResponseIsNotLate :
    assert property (@(posedge clk_i) disable iff (!rst_ni) unanswered_q != '0 |-> r_valid_i);
  end

`endif

endmodule

`default_nettype wire
