// SPDX-License-Identifier: SHL-0.51
// redmule_control with its job as flat ports, for cocotb. The order of the fields in job_o is the one bench.py reads.
`default_nettype none

module control_top
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned NumContexts = 4,
    parameter int unsigned NumCores    = 8,
    parameter int unsigned IdWidth     = 4
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                req_i,
    output logic                gnt_o,
    input  logic [        31:0] add_i,
    input  logic                wen_i,
    input  logic [         3:0] be_i,
    input  logic [        31:0] data_i,
    input  logic [ IdWidth-1:0] id_i,
    output logic                r_valid_o,
    output logic [        31:0] r_data_o,
    output logic [ IdWidth-1:0] r_id_o,
    output logic                r_err_o,
    output logic [NumCores-1:0] event_o,
    output logic                job_valid_o,
    output logic [       320:0] job_o,
    output logic [         1:0] job_ctx_o,
    output logic                clear_o,
    input  logic                job_done_i,
    input  logic                port_idle_i,
    input  logic                port_transfer_i,
    input  logic                bus_error_i,
    input  logic [        31:0] bus_error_addr_i,
    input  logic [         3:0] flags_i,
    input  logic [         2:0] cycle_i
);

  job_t job;

  assign job_o = {
    job.x.addr,
    job.x.stride,
    job.x.format,
    job.w.addr,
    job.w.stride,
    job.w.format,
    job.y.addr,
    job.y.stride,
    job.y.format,
    job.z.addr,
    job.z.stride,
    job.z.format,
    job.m,
    job.n,
    job.k,
    job.op,
    job.use_y,
    job.saturate
  };

  redmule_control #(
      .NumContexts(NumContexts),
      .NumCores(NumCores),
      .IdWidth(IdWidth)
  ) u_control (
      .clk_i,
      .rst_ni,
      .reg_req_i(req_i),
      .reg_gnt_o(gnt_o),
      .reg_add_i(add_i),
      .reg_wen_i(wen_i),
      .reg_be_i(be_i),
      .reg_data_i(data_i),
      .reg_id_i(id_i),
      .reg_r_valid_o(r_valid_o),
      .reg_r_data_o(r_data_o),
      .reg_r_id_o(r_id_o),
      .reg_r_err_o(r_err_o),
      .event_o,
      .job_valid_o,
      .job_o(job),
      .job_ctx_o,
      .clear_o,
      .job_done_i,
      .port_idle_i,
      .port_transfer_i,
      .bus_error_i,
      .bus_error_addr_i,
      .flags_i(flags_t'(flags_i)),
      .cycle_i(cycle_e'(cycle_i))
  );

endmodule

`default_nettype wire
