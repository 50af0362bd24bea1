// SPDX-License-Identifier: SHL-0.51
// A nest of two loops with their pointers, as the sequencers use them: the outer level advances with the last
// iteration of the inner one, and its place is where the inner one starts.
`default_nettype none

module loop_top #(
    parameter int unsigned OuterWidth = 6,
    parameter int unsigned InnerWidth = 8,
    parameter int unsigned InnerSizeWidth = 4,
    parameter int unsigned PlaceWidth = 12
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      clear_i,
    input  logic                      advance_i,
    input  logic [    OuterWidth-1:0] outer_total_i,
    input  logic [    OuterWidth-1:0] outer_step_i,
    input  logic [    InnerWidth-1:0] inner_total_i,
    input  logic [InnerSizeWidth-1:0] inner_step_i,
    input  logic [    PlaceWidth-1:0] base_i,
    input  logic [    PlaceWidth-1:0] outer_stride_i,
    input  logic [    PlaceWidth-1:0] inner_stride_i,
    output logic [    OuterWidth-1:0] outer_left_o,
    output logic [    OuterWidth-1:0] outer_size_o,
    output logic                      outer_first_o,
    output logic                      outer_last_o,
    output logic [    InnerWidth-1:0] inner_left_o,
    output logic [InnerSizeWidth-1:0] inner_size_o,
    output logic                      inner_first_o,
    output logic                      inner_last_o,
    output logic [    PlaceWidth-1:0] outer_place_o,
    output logic [    PlaceWidth-1:0] inner_place_o
);

  redmule_loop #(
      .Width(OuterWidth)
  ) u_outer (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(advance_i & inner_last_o),
      .total_i(outer_total_i),
      .step_i(outer_step_i),
      .left_o(outer_left_o),
      .size_o(outer_size_o),
      .first_o(outer_first_o),
      .last_o(outer_last_o)
  );

  redmule_loop #(
      .Width(InnerWidth),
      .SizeWidth(InnerSizeWidth)
  ) u_inner (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i,
      .total_i(inner_total_i),
      .step_i (inner_step_i),
      .left_o (inner_left_o),
      .size_o (inner_size_o),
      .first_o(inner_first_o),
      .last_o (inner_last_o)
  );

  redmule_pointer #(
      .Width(PlaceWidth)
  ) u_outer_place (
      .clk_i,
      .first_i(outer_first_o),
      .advance_i(advance_i & inner_last_o),
      .base_i,
      .step_i(outer_stride_i),
      .place_o(outer_place_o)
  );

  redmule_pointer #(
      .Width(PlaceWidth)
  ) u_inner_place (
      .clk_i,
      .first_i(inner_first_o),
      .advance_i,
      .base_i (outer_place_o),
      .step_i (inner_stride_i),
      .place_o(inner_place_o)
  );

endmodule

`default_nettype wire
