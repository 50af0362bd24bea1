// SPDX-License-Identifier: SHL-0.51
// RedMulE: Z = (X op1 W) op2 Y on an array of NumRows x RowLen computing elements. One memory port, one register port,
// one event line per core. Control hands out jobs, the streamer moves their matrices, the datapath computes; five
// sequencers (X, W, Y loaders, run, Z storer) walk the same tiles and meet at the buffers between them; see
// ARCHITECTURE.md.
`default_nettype none

module redmule_top
  import redmule_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned PipeRegs = 3,
    parameter int unsigned PortWidth = 256,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned NumCores = 8,
    parameter int unsigned IdWidth = 4,
    parameter int unsigned RowGroups = 4,
    parameter bit Transposes = 1'b1,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WAhead = 6,
    localparam int unsigned DataWidth = PortWidth + 32
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    // memory port
    output logic                   mem_req_o,
    input  logic                   mem_gnt_i,
    output logic [           31:0] mem_add_o,
    output logic                   mem_wen_o,
    output logic [DataWidth/8-1:0] mem_be_o,
    output logic [  DataWidth-1:0] mem_data_o,
    input  logic                   mem_r_valid_i,
    input  logic [  DataWidth-1:0] mem_r_data_i,
    input  logic                   mem_r_err_i,
    // register port
    input  logic                   reg_req_i,
    output logic                   reg_gnt_o,
    input  logic [           31:0] reg_add_i,
    input  logic                   reg_wen_i,
    input  logic [            3:0] reg_be_i,
    input  logic [           31:0] reg_data_i,
    input  logic [    IdWidth-1:0] reg_id_i,
    output logic                   reg_r_valid_o,
    output logic [           31:0] reg_r_data_o,
    output logic [    IdWidth-1:0] reg_r_id_o,
    output logic                   reg_r_err_o,
    output logic [   NumCores-1:0] event_o
);

  localparam int unsigned UnitElems = PortWidth / (2 * ByteBits);
  // A chunk of X is as many values of n as one beat brings for a row, in whole passes of the array. W is held in chunks of
  // as many if it may have to be transposed, else line by line.
  localparam int unsigned XChunkLines = RowLen > UnitElems ? RowLen : UnitElems / RowLen * RowLen;
  localparam int unsigned WChunkLines = Transposes ? XChunkLines : 1;
  // One chunk is read while others are filled.
  localparam int unsigned WChunks = 1 + (WAhead > 2 * WChunkLines ? (WAhead + WChunkLines - 1) / WChunkLines : 2);

  redmule_parameters #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .PortWidth(PortWidth),
      .NumContexts(NumContexts),
      .NumCores(NumCores),
      .RowGroups(RowGroups),
      .XChunks(XChunks),
      .WAhead(WAhead)
  ) u_parameters ();

  schedule_t schedule;
  job_t [MaxContexts-1:0] jobs;
  logic clear, job_done, port_idle, port_transfer, bus_error;
  raised_t [NumRaisers-1:0] raised;
  cycle_e cycle;
  logic [NumStreams-1:0] beat_valid;
  access_t beat_access, z_access;
  place_t beat_place, z_place;

  redmule_control #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .PortWidth(PortWidth),
      .NumContexts(NumContexts),
      .NumCores(NumCores),
      .IdWidth(IdWidth),
      .RowGroups(RowGroups),
      .Transposes(Transposes),
      .XChunks(XChunks),
      .WAhead(WAhead)
  ) u_control (
      .clk_i,
      .rst_ni,
      .reg_req_i,
      .reg_gnt_o,
      .reg_add_i,
      .reg_wen_i,
      .reg_be_i,
      .reg_data_i,
      .reg_id_i,
      .reg_r_valid_o,
      .reg_r_data_o,
      .reg_r_id_o,
      .reg_r_err_o,
      .event_o,
      .schedule_o(schedule),
      .jobs_o(jobs),
      .clear_o(clear),
      .job_done_i(job_done),
      .port_idle_i(port_idle),
      .port_transfer_i(port_transfer),
      .failed_i(bus_error),
      .failed_ctx_i(beat_place.ctx),
      .failed_addr_i(beat_access.addr),
      .raised_i(raised),
      .cycle_i(cycle)
  );

  logic [PortWidth-1:0] beat_payload, z_payload;
  lead_t tile_lead;
  ctx_t  run_ctx;
  logic x_chunk_free, w_chunk_free, x_line_gone, w_line_gone, last_tile_begins, acc_free, y_begins;
  logic z_ready, z_valid, z_taken, z_ends, z_saturate;

  redmule_streamer #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .TileCols(RowLen * (PipeRegs + 1)),
      .PortWidth(PortWidth),
      .NumContexts(NumContexts),
      .RowGroups(RowGroups),
      .XChunkLines(XChunkLines),
      .XChunks(XChunks),
      .WChunkLines(WChunkLines),
      .WChunks(WChunks)
  ) u_streamer (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .schedule_i(schedule),
      .jobs_i(jobs),
      .mem_req_o,
      .mem_gnt_i,
      .mem_add_o,
      .mem_wen_o,
      .mem_be_o,
      .mem_data_o,
      .mem_r_valid_i,
      .mem_r_data_i,
      .mem_r_err_i,
      .bus_error_o(bus_error),
      .transfer_o(port_transfer),
      .idle_o(port_idle),
      .beat_valid_o(beat_valid),
      .beat_access_o(beat_access),
      .beat_place_o(beat_place),
      .beat_payload_o(beat_payload),
      .tile_lead_i(tile_lead),
      .x_chunk_free_i(x_chunk_free),
      .w_chunk_free_i(w_chunk_free),
      .x_line_gone_i(x_line_gone),
      .w_line_gone_i(w_line_gone),
      .last_tile_begins_i(last_tile_begins),
      .run_ctx_i(run_ctx),
      .acc_free_i(acc_free),
      .y_begins_o(y_begins),
      .z_ready_i(z_ready),
      .z_valid_o(z_valid),
      .z_taken_o(z_taken),
      .z_ends_o(z_ends),
      .z_access_o(z_access),
      .z_place_o(z_place),
      .z_saturate_o(z_saturate),
      .z_payload_i(z_payload)
  );

  assign job_done = beat_valid[StreamZ] & beat_place.last & ~bus_error;

  redmule_datapath #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .PortWidth(PortWidth),
      .NumContexts(NumContexts),
      .RowGroups(RowGroups),
      .Transposes(Transposes),
      .XChunkLines(XChunkLines),
      .XChunks(XChunks),
      .WChunkLines(WChunkLines),
      .WChunks(WChunks)
  ) u_datapath (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .schedule_i(schedule),
      .jobs_i(jobs),
      .cycle_o(cycle),
      .raised_o(raised),
      .beat_valid_i(beat_valid),
      .beat_access_i(beat_access),
      .beat_place_i(beat_place),
      .beat_payload_i(beat_payload),
      .beat_error_i(bus_error),
      .tile_lead_o(tile_lead),
      .x_chunk_free_o(x_chunk_free),
      .w_chunk_free_o(w_chunk_free),
      .x_line_gone_o(x_line_gone),
      .w_line_gone_o(w_line_gone),
      .last_tile_begins_o(last_tile_begins),
      .run_ctx_o(run_ctx),
      .acc_free_o(acc_free),
      .y_begins_i(y_begins),
      .z_ready_o(z_ready),
      .z_valid_i(z_valid),
      .z_taken_i(z_taken),
      .z_ends_i(z_ends),
      .z_access_i(z_access),
      .z_place_i(z_place),
      .z_saturate_i(z_saturate),
      .z_payload_o(z_payload)
  );

endmodule

`default_nettype wire
