// SPDX-License-Identifier: SHL-0.51
// The rules of the register port, for both sides of it. Bound to the accelerator; all ports are inputs.
`default_nettype none

module redmule_reg_checks #(
    parameter int unsigned IdWidth = 4
) (
    input logic               clk_i,
    input logic               rst_ni,
    input logic               req_i,
    input logic               gnt_i,
    input logic [       31:0] add_i,
    input logic               wen_i,
    input logic [        3:0] be_i,
    input logic [       31:0] data_i,
    input logic [IdWidth-1:0] id_i,
    input logic               r_valid_i,
    input logic [IdWidth-1:0] r_id_i
);

`ifndef SYNTHESIS

  // A requester that waits for its grant keeps asking for the same.
  WaitingAccessHolds :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i && !gnt_i |=> req_i && $stable(
      {add_i, wen_i, be_i, data_i, id_i}
  ));

  // Every transfer is answered in the next cycle, and nothing else is.
  OneResponseInTheNextCycle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) 1'b1 |=> r_valid_i == $past(req_i && gnt_i));

  // The answer goes to the one who asked.
  ResponseEchoesTheId :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i && gnt_i |=> r_id_i == $past(id_i));

`endif

endmodule

`default_nettype wire
