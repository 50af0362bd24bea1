// SPDX-License-Identifier: SHL-0.51
// The job control: register port in, checked jobs out for the sequencers, an event for each at its end.
//   schedule_o   a job may be worked on from the cycle after its TRIGGER until its own event, once no earlier job may
//                still write what it reads; events come in job order
//   job_done_i   the last store of the job at the head is answered, this cycle; the event is raised in the same cycle
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
    parameter int unsigned RowGroups   = 1,
    parameter bit          Transposes  = 1'b1,
    parameter int unsigned XChunks     = 2,
    parameter int unsigned WAhead      = 6
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    // register port
    input  logic                        reg_req_i,
    output logic                        reg_gnt_o,
    input  logic      [           31:0] reg_add_i,
    input  logic                        reg_wen_i,        // 1 = read
    input  logic      [            3:0] reg_be_i,
    input  logic      [           31:0] reg_data_i,
    input  logic      [    IdWidth-1:0] reg_id_i,
    output logic                        reg_r_valid_o,
    output logic      [           31:0] reg_r_data_o,
    output logic      [    IdWidth-1:0] reg_r_id_o,
    output logic                        reg_r_err_o,
    output logic      [   NumCores-1:0] event_o,
    // engine
    output schedule_t                   schedule_o,
    output job_t      [MaxContexts-1:0] jobs_o,
    output logic                        clear_o,
    input  logic                        job_done_i,
    input  logic                        port_idle_i,
    input  logic                        port_transfer_i,  // a memory transfer was granted in this cycle
    input  logic                        failed_i,         // a response carries an error, this cycle
    input  ctx_t                        failed_ctx_i,
    input  addr_t                       failed_addr_i,
    input  raised_t   [ NumRaisers-1:0] raised_i,
    input  cycle_e                      cycle_i           // what this cycle of the head is spent on
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
  info2_reg_t info2;
  command_t command;
  job_regs_t regs;
  matrix_t [NumStreams-1:0] matrix;
  extent_t [NumStreams-1:0] extent;
  logic [NumStreams-1:0] checked, beyond, reads;
  logic regs_changed, full, job_end, abort, run, running, blocked, restart;
  logic [MaxContexts-1:0] busy, started, refused, unhindered, ended;
  ctx_t write_ctx, head_ctx;
  entry_t written, head;
  entry_t  entry  [MaxContexts];
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

  always_comb begin
    info2 = '0;
    info2.transposes = Transposes;
    info2.x_chunks = $bits(info2.x_chunks)'(XChunks);
    info2.w_ahead = $bits(info2.w_ahead)'(WAhead);
  end

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
      .info2_i(info2),
      .status_i(status),
      .result_i(result)
  );

  redmule_job_decode #(
      .Transposes(Transposes)
  ) u_job_decode (
      .regs_i(regs),
      .beyond_i(beyond),
      .matrix_o(matrix),
      .reads_o(reads),
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
        .last_o(extent[s].last),
        .beyond_o(beyond[s])
    );
    assign extent[s].first = matrix[s].operand.addr;
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
      .started_o(started),
      .head_ctx_o(head_ctx),
      .entry_o(entry)
  );

  assign head  = entry[head_ctx];
  assign ended = job_end || abort ? MaxContexts'(1) << head_ctx : '0;

  redmule_hazard #(
      .NumContexts(NumContexts)
  ) u_hazard (
      .clk_i,
      .rst_ni,
      .clear_i(command.clear_all),
      .busy_i(busy & ~refused),
      .ended_i(ended),
      .commit_i(command.commit),
      .commit_ctx_i(write_ctx),
      .extent_i(extent),
      .reads_i(reads),
      .free_o(unhindered)
  );

  // What the sequencers may work on
  always_comb begin
    for (int unsigned c = 0; c < MaxContexts; c++) begin
      jobs_o[c]  = entry[c].job;
      refused[c] = entry[c].error != ErrNone;
    end
  end

  assign schedule_o = '{
          ready: restart ? '0 : started & ~refused & unhindered,
          refused: restart ? '0 : started & refused,
          ended: ended,
          head: head_ctx,
          restart: restart
      };

  redmule_supervisor u_supervisor (
      .clk_i,
      .rst_ni,
      .head_valid_i(started[head_ctx]),
      .head_error_i(head.error),
      .head_failed_i(result[head_ctx].error == ErrBus),
      .head_failing_i(failed_i && failed_ctx_i == head_ctx),
      .head_watchdog_i(head.watchdog),
      .soft_clear_i(command.clear),
      .job_done_i,
      .port_idle_i,
      .port_transfer_i,
      .run_o(run),
      .clear_o,
      .end_o(job_end),
      .abort_o(abort),
      .error_o(error),
      .running_o(running),
      .restart_o(restart),
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
      .discard_i(clear_o),
      .running_i(running),
      .ctx_i(head_ctx),
      .run_i(run),
      .end_i(job_end),
      .cycle_i,
      .error_i(error),
      .raised_i,
      .failed_i,
      .failed_ctx_i,
      .failed_addr_i,
      .status_o(status),
      .result_o(result)
  );

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

  // A job that is worked on stays as it is until it ends or is abandoned.
  for (genvar c = 0; c < MaxContexts; c++) begin : gen_holds
    JobHolds :
    assert property (@(posedge clk_i) disable iff (!rst_ni)
        schedule_o.ready[c] && !ended[c] && !clear_o |=> schedule_o.ready[c] && $stable(
        jobs_o[c]
    ));

    // A job that touches memory has something to do.
    JobHasASize :
    assert property (@(posedge clk_i) disable iff (!rst_ni)
        schedule_o.ready[c] |-> jobs_o[c].m != '0 && jobs_o[c].n != '0 && jobs_o[c].k != '0);
  end
`endif

endmodule

`default_nettype wire
