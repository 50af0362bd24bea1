// SPDX-License-Identifier: SHL-0.51
// redmule_control with flat ports, and one sequencer's feed behind it, for cocotb. The fields lie in schedule_o, job_o
// and raised_i as redmule_pkg and redmule_control_pkg pack them.
//   taken_i  the sequencer takes the last step of the job that it is shown, if any
`default_nettype none

module control_top
  import redmule_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter int unsigned NumContexts = 4,
    parameter int unsigned NumCores    = 8,
    parameter int unsigned IdWidth     = 4,
    parameter int unsigned RowGroups   = 1,
    parameter bit          Transposes  = 1'b1
) (
    input  logic                                  clk_i,
    input  logic                                  rst_ni,
    input  logic                                  req_i,
    output logic                                  gnt_o,
    input  logic [                          31:0] add_i,
    input  logic                                  wen_i,
    input  logic [                           3:0] be_i,
    input  logic [                          31:0] data_i,
    input  logic [                   IdWidth-1:0] id_i,
    output logic                                  r_valid_o,
    output logic [                          31:0] r_data_o,
    output logic [                   IdWidth-1:0] r_id_o,
    output logic                                  r_err_o,
    output logic [                  NumCores-1:0] event_o,
    output logic [         $bits(schedule_t)-1:0] schedule_o,
    output logic [              $bits(job_t)-1:0] job_o          [MaxContexts],
    output logic                                  clear_o,
    input  logic                                  job_done_i,
    input  logic                                  port_idle_i,
    input  logic                                  port_transfer_i,
    input  logic                                  failed_i,
    input  logic [                           1:0] failed_ctx_i,
    input  logic [                          31:0] failed_addr_i,
    input  logic [NumRaisers*$bits(raised_t)-1:0] raised_i,
    input  logic [                           2:0] cycle_i,
    input  logic                                  taken_i,
    output logic                                  feed_valid_o,
    output logic [                           1:0] feed_ctx_o,
    output logic [              $bits(job_t)-1:0] feed_job_o
);

  schedule_t schedule;
  job_t [MaxContexts-1:0] jobs;

  assign schedule_o = schedule;
  for (genvar c = 0; c < MaxContexts; c++) begin : gen_job
    assign job_o[c] = jobs[c];
  end

  redmule_control #(
      .NumContexts(NumContexts),
      .NumCores(NumCores),
      .IdWidth(IdWidth),
      .RowGroups(RowGroups),
      .Transposes(Transposes)
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
      .schedule_o(schedule),
      .jobs_o(jobs),
      .clear_o,
      .job_done_i,
      .port_idle_i,
      .port_transfer_i,
      .failed_i,
      .failed_ctx_i,
      .failed_addr_i,
      .raised_i,
      .cycle_i(cycle_e'(cycle_i))
  );

  redmule_job_feed #(
      .NumContexts(NumContexts)
  ) u_feed (
      .clk_i,
      .rst_ni,
      .schedule_i(schedule),
      .jobs_i(jobs),
      .taken_i(taken_i & feed_valid_o),
      .valid_o(feed_valid_o),
      .passing_o(),
      .ctx_o(feed_ctx_o),
      .job_o(feed_job_o)
  );

endmodule

`default_nettype wire
