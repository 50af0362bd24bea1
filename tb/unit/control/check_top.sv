// SPDX-License-Identifier: SHL-0.51
// The check of a job as redmule_control wires it, with flat ports, for cocotb: job registers in, the job, its first
// error and the bytes that its matrices span out.
`default_nettype none

module check_top
  import redmule_pkg::*;
  import redmule_regs_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter bit Transposes = 1'b1
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         restart_i,
    input  logic [$bits(job_regs_t)-1:0] regs_i,
    output logic                         done_o,
    output logic [     $bits(job_t)-1:0] job_o,
    output logic [   $bits(error_e)-1:0] error_o,
    output logic [       NumStreams-1:0] reads_o,
    output logic [                 31:0] first_o  [NumStreams],
    output logic [                 31:0] last_o   [NumStreams]
);

  matrix_t [NumStreams-1:0] matrix;
  logic [NumStreams-1:0] done, beyond;
  job_t   job;
  error_e error;

  assign done_o  = &done;
  assign job_o   = job;
  assign error_o = error;

  redmule_job_decode #(
      .Transposes(Transposes)
  ) u_job_decode (
      .regs_i(job_regs_t'(regs_i)),
      .beyond_i(beyond),
      .matrix_o(matrix),
      .reads_o,
      .job_o(job),
      .error_o(error)
  );

  for (genvar s = 0; s < NumStreams; s++) begin : gen_extent
    redmule_extent u_extent (
        .clk_i,
        .rst_ni,
        .restart_i,
        .matrix_i(matrix[s]),
        .done_o  (done[s]),
        .last_o  (last_o[s]),
        .beyond_o(beyond[s])
    );
    assign first_o[s] = matrix[s].operand.addr;
  end

endmodule

`default_nettype wire
