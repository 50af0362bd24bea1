// SPDX-License-Identifier: SHL-0.51
// One level of a nest of loops: how much is left, and how much this iteration takes. The only counter of the
// sequencers. total_i is read in the first iteration alone, so after reset, after clear_i and after the last
// iteration the loop stands ready for whatever total_i then says: starting a job costs no cycle.
//   advance_i  this iteration is over (the inner loops have come to their last one)
//   left_o     what this and the following iterations have to cover
//   size_o     what this iteration covers: min(left, step)
`default_nettype none

module redmule_loop #(
    parameter int unsigned Width = 16,
    parameter int unsigned SizeWidth = Width  // enough for step_i
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 clear_i,
    input  logic                 advance_i,
    input  logic [    Width-1:0] total_i,
    input  logic [SizeWidth-1:0] step_i,
    output logic [    Width-1:0] left_o,
    output logic [SizeWidth-1:0] size_o,
    output logic                 first_o,
    output logic                 last_o
);

  logic first_d, first_q;
  logic [Width-1:0] left_d, left_q;

  assign first_o = first_q;
  assign left_o  = first_q ? total_i : left_q;
  assign last_o  = left_o <= Width'(step_i);
  assign size_o  = last_o ? left_o[SizeWidth-1:0] : step_i;

  always_comb begin
    first_d = first_q;
    left_d  = left_q;
    if (clear_i) begin
      first_d = 1'b1;
    end else if (advance_i) begin
      first_d = last_o;
      left_d  = left_o - Width'(size_o);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      left_q  <= '0;
    end else begin
      first_q <= first_d;
      left_q  <= left_d;
    end
  end

`ifndef SYNTHESIS
  // An iteration covers something: a total of nothing never gets as far as the sequencers.
  LoopAdvancesOverSomething :
  assert property (@(posedge clk_i) disable iff (!rst_ni) advance_i |-> size_o != '0);
`endif

endmodule

`default_nettype wire
