// SPDX-License-Identifier: SHL-0.51
// The job control: register port in, one checked job after the other out, an event for each at its end.
//   job_valid_o  from the cycle after its TRIGGER (idle accelerator) or after the previous event until its own event
//   job_done_i   its last store is answered, this cycle; the event is raised in the same cycle
//   clear_o      abandon: everything in the engine returns to its reset state at the end of this cycle
//   port_idle_i  no request waits for its grant and no response is outstanding
// A core is known by its id on the register port, which is also the number of its event line, if there is one.
`default_nettype none

module redmule_control
  import fp_pkg::*;
  import redmule_pkg::*;
  import redmule_regs_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter int unsigned NumRows     = 12,
    parameter int unsigned RowLen      = 4,
    parameter int unsigned PipeRegs    = 3,
    parameter int unsigned PortWidth   = 256,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned NumCores    = 8,
    parameter int unsigned IdWidth     = 4,
    parameter int unsigned RowGroups   = 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // register port
    input  logic                  reg_req_i,
    output logic                  reg_gnt_o,
    input  logic   [        31:0] reg_add_i,
    input  logic                  reg_wen_i,         // 1 = read
    input  logic   [         3:0] reg_be_i,
    input  logic   [        31:0] reg_data_i,
    input  logic   [ IdWidth-1:0] reg_id_i,
    output logic                  reg_r_valid_o,
    output logic   [        31:0] reg_r_data_o,
    output logic   [ IdWidth-1:0] reg_r_id_o,
    output logic                  reg_r_err_o,
    output logic   [NumCores-1:0] event_o,
    // engine
    output logic                  job_valid_o,
    output job_t                  job_o,
    output ctx_t                  job_ctx_o,
    output logic                  clear_o,
    input  logic                  job_done_i,
    input  logic                  port_idle_i,
    input  logic                  port_transfer_i,   // a memory transfer was granted in this cycle
    input  logic                  bus_error_i,       // a response carries an error, this cycle
    input  addr_t                 bus_error_addr_i,
    input  flags_t                flags_i,           // exceptions raised in this cycle
    input  cycle_e                cycle_i            // what this cycle is spent on
);

  localparam int unsigned InfoVersion = 1;

  // A job in the queue.
  typedef struct packed {
    job_t job;
    error_e error;
    word_t watchdog;
    logic [IdWidth-1:0] core;
  } entry_t;

  info_reg_t info;
  command_t command;
  job_regs_t regs;
  matrix_t [NumStreams-1:0] matrix;
  logic [NumStreams-1:0] checked, beyond;
  logic regs_changed, full, head_valid, job_end, abort, running, blocked;
  logic [MaxContexts-1:0] busy;
  ctx_t write_ctx;
  entry_t written, head;
  error_e  error;
  status_t status;
  result_t result [MaxContexts];

  assign info.version = $bits(info.version)'(InfoVersion);
  assign info.formats = '1;
  assign info.log2_groups = $bits(info.log2_groups)'($clog2(RowGroups));
  assign info.contexts = $bits(info.contexts)'(NumContexts);
  assign info.log2_port = $bits(info.log2_port)'($clog2(PortWidth));
  assign info.pipe_regs = $bits(info.pipe_regs)'(PipeRegs);
  assign info.row_len = $bits(info.row_len)'(RowLen);
  assign info.rows = $bits(info.rows)'(NumRows);

  redmule_regfile #(
      .IdWidth(IdWidth)
  ) u_regfile (
      .clk_i,
      .rst_ni,
      .req_i(reg_req_i),
      .gnt_o(reg_gnt_o),
      .add_i(reg_add_i),
      .wen_i(reg_wen_i),
      .be_i(reg_be_i),
      .data_i(reg_data_i),
      .id_i(reg_id_i),
      .r_valid_o(reg_r_valid_o),
      .r_data_o(reg_r_data_o),
      .r_id_o(reg_r_id_o),
      .r_err_o(reg_r_err_o),
      .command_o(command),
      .regs_changed_o(regs_changed),
      .regs_o(regs),
      .checked_i(&checked),
      .can_acquire_i(~full & ~blocked),
      .write_ctx_i(write_ctx),
      .info_i(info),
      .status_i(status),
      .result_i(result)
  );

  redmule_job_decode u_job_decode (
      .regs_i(regs),
      .beyond_i(beyond),
      .matrix_o(matrix),
      .job_o(written.job),
      .error_o(written.error)
  );

  for (genvar s = 0; s < NumStreams; s++) begin : gen_extent
    redmule_extent u_extent (
        .clk_i,
        .rst_ni,
        .restart_i(regs_changed),
        .matrix_i(matrix[s]),
        .done_o(checked[s]),
        .beyond_o(beyond[s])
    );
  end

  assign written.watchdog = regs.watchdog.cycles;
  assign written.core = reg_id_i;

  redmule_queue #(
      .NumContexts(NumContexts),
      .Entry(entry_t)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .clear_i(command.clear_all),
      .commit_i(command.commit),
      .start_i(command.start),
      .entry_i(written),
      .pop_i(job_end | abort),
      .full_o(full),
      .busy_o(busy),
      .write_ctx_o(write_ctx),
      .head_valid_o(head_valid),
      .head_ctx_o(job_ctx_o),
      .head_o(head)
  );

  redmule_supervisor u_supervisor (
      .clk_i,
      .rst_ni,
      .head_valid_i(head_valid),
      .head_error_i(head.error),
      .head_watchdog_i(head.watchdog),
      .soft_clear_i(command.clear),
      .job_done_i,
      .port_idle_i,
      .port_transfer_i,
      .bus_error_i,
      .job_valid_o,
      .clear_o,
      .end_o(job_end),
      .abort_o(abort),
      .error_o(error),
      .running_o(running),
      .blocked_o(blocked)
  );

  redmule_results #(
      .NumContexts(NumContexts)
  ) u_results (
      .clk_i,
      .rst_ni,
      .acquire_i(command.acquire),
      .acquire_ctx_i(write_ctx),
      .clear_sticky_i(command.clear_sticky),
      .protocol_i(command.protocol),
      .busy_i(busy),
      .running_i(running),
      .ctx_i(job_ctx_o),
      .run_i(job_valid_o),
      .end_i(job_end),
      .cycle_i,
      .flags_i,
      .error_i(error),
      .error_addr_i(bus_error_addr_i),
      .status_o(status),
      .result_o(result)
  );

  assign job_o = head.job;

  always_comb begin
    event_o = '0;
    if (job_end) begin
      for (int unsigned c = 0; c < NumCores; c++) event_o[c] = 32'(head.core) == c;
    end
  end

`ifndef SYNTHESIS
  // An event goes to one core at most.
  OneEventAtATime :
  assert property (@(posedge clk_i) disable iff (!rst_ni) $onehot0(event_o));

  // A running job stays as it is until it ends or is abandoned.
  RunningJobHolds :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      job_valid_o && !job_end && !clear_o |=> job_valid_o && $stable(
      {job_ctx_o, job_o}
  ));

  // A job that touches memory has something to do.
  RunningJobHasASize :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      job_valid_o |-> job_o.m != '0 && job_o.n != '0 && job_o.k != '0);
`endif

endmodule

`default_nettype wire
