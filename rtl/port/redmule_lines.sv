// SPDX-License-Identifier: SHL-0.51
// Counts lines of a buffer: add_i of them come, take_i takes one, both may happen at once.
`default_nettype none

module redmule_lines
  import redmule_pkg::*;
#(
    parameter  int unsigned Depth = 32,
    localparam int unsigned Width = $clog2(Depth + 1)
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic               clear_i,
    input  elems_t             add_i,
    input  logic               take_i,
    output logic   [Width-1:0] count_o
);

  logic [Width-1:0] count_d, count_q;

  assign count_o = count_q;
  assign count_d = clear_i ? '0 : count_q + Width'(add_i) - Width'(take_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) count_q <= '0;
    else count_q <= count_d;
  end

`ifndef SYNTHESIS
  // Only what has come is taken.
  LineWasThere :
  assert property (@(posedge clk_i) disable iff (!rst_ni) take_i && !clear_i |-> count_q != '0);
`endif

endmodule

`default_nettype wire
