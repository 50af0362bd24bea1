// SPDX-License-Identifier: SHL-0.51
// redmule_hazard with flat ports, for cocotb.
`default_nettype none

module hazard_top
  import redmule_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter int unsigned NumContexts = 4
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   clear_i,
    input  logic [MaxContexts-1:0] busy_i,
    input  logic [MaxContexts-1:0] ended_i,
    input  logic                   commit_i,
    input  logic [            1:0] commit_ctx_i,
    input  logic [           31:0] first_i     [NumStreams],
    input  logic [           31:0] last_i      [NumStreams],
    input  logic [ NumStreams-1:0] reads_i,
    output logic [MaxContexts-1:0] free_o
);

  extent_t [NumStreams-1:0] extent;

  for (genvar s = 0; s < NumStreams; s++) begin : gen_extent
    assign extent[s] = '{first: first_i[s], last: last_i[s]};
  end

  redmule_hazard #(
      .NumContexts(NumContexts)
  ) u_hazard (
      .clk_i,
      .rst_ni,
      .clear_i,
      .busy_i,
      .ended_i,
      .commit_i,
      .commit_ctx_i,
      .extent_i(extent),
      .reads_i,
      .free_o
  );

endmodule

`default_nettype wire
