// SPDX-License-Identifier: SHL-0.51
// The place that belongs to one level of a nest of loops: it starts at base_i (the place of the level outside) and
// moves by step_i with every iteration. first_i comes from the level's redmule_loop; there is nothing to reset.
`default_nettype none

module redmule_pointer #(
    parameter int unsigned Width = 32
) (
    input  logic             clk_i,
    input  logic             first_i,
    input  logic             advance_i,
    input  logic [Width-1:0] base_i,
    input  logic [Width-1:0] step_i,
    output logic [Width-1:0] place_o
);

  logic [Width-1:0] place_q;

  assign place_o = first_i ? base_i : place_q;

  always_ff @(posedge clk_i) begin
    if (advance_i) place_q <= place_o + step_i;
  end

endmodule

`default_nettype wire
