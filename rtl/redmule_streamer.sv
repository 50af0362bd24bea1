// SPDX-License-Identifier: SHL-0.51
// Everything that asks for memory: the X, W and Y loaders, the Z storer, and the port they share. Wiring only.
// A loader asks for a patch when the buffer has room for it (…_free, acc_free), the storer when a tile waits (z_ready);
// answers leave as beats with their stream and place. Z of a job is stored only while the job is the head of the queue,
// so an aborted job leaves those behind it untouched.
`default_nettype none

module redmule_streamer
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned TileCols = 16,
    parameter int unsigned PortWidth = 256,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned RowGroups = 1,
    parameter int unsigned XChunkLines = 16,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WChunkLines = 16,
    parameter int unsigned WChunks = 2,
    localparam int unsigned DataWidth = PortWidth + 32
) (
    input  logic                               clk_i,
    input  logic                               rst_ni,
    input  logic                               clear_i,
    input  schedule_t                          schedule_i,
    input  job_t      [       MaxContexts-1:0] jobs_i,
    // memory port
    output logic                               mem_req_o,
    input  logic                               mem_gnt_i,
    output addr_t                              mem_add_o,
    output logic                               mem_wen_o,
    output logic      [DataWidth/ByteBits-1:0] mem_be_o,
    output logic      [         DataWidth-1:0] mem_data_o,
    input  logic                               mem_r_valid_i,
    input  logic      [         DataWidth-1:0] mem_r_data_i,
    input  logic                               mem_r_err_i,
    output logic                               bus_error_o,
    output logic                               transfer_o,
    output logic                               idle_o,
    // beats to the buffers; of Z: answers
    output logic      [        NumStreams-1:0] beat_valid_o,
    output access_t                            beat_access_o,
    output place_t                             beat_place_o,
    output logic      [         PortWidth-1:0] beat_payload_o,
    // with the buffers
    input  lead_t                              tile_lead_i,
    input  logic                               x_chunk_free_i,
    input  logic                               w_chunk_free_i,
    input  logic                               x_line_gone_i,
    input  logic                               w_line_gone_i,
    input  logic                               last_tile_begins_i,  // the array begins the last tile of
    input  ctx_t                               run_ctx_i,           // this job
    input  logic                               acc_free_i,
    output logic                               y_begins_o,
    // Z from the accumulator buffer
    input  logic                               z_ready_i,
    output logic                               z_valid_o,
    output logic                               z_taken_o,           // a beat of Z is taken
    output logic                               z_ends_o,            // the last one of a tile is taken
    output access_t                            z_access_o,
    output place_t                             z_place_o,
    output logic                               z_saturate_o,
    input  logic      [         PortWidth-1:0] z_payload_i
);

  logic [NumStreams-1:0] valid, ready, taken, job_valid;
  ctx_t ctx[NumStreams];
  job_t job[NumStreams];
  access_t access[NumStreams];
  place_t place[NumStreams];
  lead_t lead[NumStreams];
  logic store_valid;

  for (genvar s = 0; s < NumStreams; s++) begin : gen_feed
    redmule_job_feed #(
        .NumContexts(NumContexts)
    ) u_feed (
        .clk_i,
        .rst_ni,
        .schedule_i,
        .jobs_i,
        .taken_i(taken[s]),
        .valid_o(job_valid[s]),
        .passing_o(),
        .ctx_o(ctx[s]),
        .job_o(job[s])
    );
  end

  redmule_line_loader #(
      .OfX(1'b1),
      .NumRows(NumRows),
      .TileCols(TileCols),
      .RowGroups(RowGroups),
      .ChunkLines(XChunkLines),
      .NumChunks(XChunks),
      .PortWidth(PortWidth)
  ) u_x_loader (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job_valid[StreamX]),
      .ctx_i(ctx[StreamX]),
      .job_i(job[StreamX]),
      .job_taken_o(taken[StreamX]),
      .valid_o(valid[StreamX]),
      .ready_i(ready[StreamX]),
      .access_o(access[StreamX]),
      .place_o(place[StreamX]),
      .lead_o(lead[StreamX]),
      .chunk_free_i(x_chunk_free_i),
      .line_taken_i(x_line_gone_i)
  );

  redmule_line_loader #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .TileCols(TileCols),
      .RowGroups(RowGroups),
      .ChunkLines(WChunkLines),
      .NumChunks(WChunks),
      .PortWidth(PortWidth)
  ) u_w_loader (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job_valid[StreamW]),
      .ctx_i(ctx[StreamW]),
      .job_i(job[StreamW]),
      .job_taken_o(taken[StreamW]),
      .valid_o(valid[StreamW]),
      .ready_i(ready[StreamW]),
      .access_o(access[StreamW]),
      .place_o(place[StreamW]),
      .lead_o(lead[StreamW]),
      .chunk_free_i(w_chunk_free_i),
      .line_taken_i(w_line_gone_i)
  );

  // A job without Y leaves the Y loader nothing to do, but the place of Y is that job's until its last tile has begun.
  logic y_taken;

  redmule_yz_access #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .RowGroups(RowGroups),
      .PortWidth(PortWidth)
  ) u_y_loader (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job_valid[StreamY] & job[StreamY].use_y),
      .ctx_i(ctx[StreamY]),
      .operand_i(job[StreamY].y),
      .m_i(job[StreamY].m),
      .k_i(job[StreamY].k),
      .job_taken_o(y_taken),
      .valid_o(valid[StreamY]),
      .ready_i(ready[StreamY]),
      .access_o(access[StreamY]),
      .place_o(place[StreamY]),
      .slot_ready_i(acc_free_i),
      .begins_o(y_begins_o),
      .ends_o()
  );

  assign taken[StreamY] = y_taken |
      (job_valid[StreamY] & ~job[StreamY].use_y & last_tile_begins_i & (run_ctx_i == ctx[StreamY]));
  assign store_valid = job_valid[StreamZ] && ctx[StreamZ] == schedule_i.head;

  redmule_yz_access #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .RowGroups(RowGroups),
      .PortWidth(PortWidth),
      .LastOfJob(1'b1)
  ) u_z_storer (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(store_valid),
      .ctx_i(ctx[StreamZ]),
      .operand_i(job[StreamZ].z),
      .m_i(job[StreamZ].m),
      .k_i(job[StreamZ].k),
      .job_taken_o(taken[StreamZ]),
      .valid_o(valid[StreamZ]),
      .ready_i(ready[StreamZ]),
      .access_o(access[StreamZ]),
      .place_o(place[StreamZ]),
      .slot_ready_i(z_ready_i),
      .begins_o(),
      .ends_o(z_ends_o)
  );

  assign lead[StreamY] = tile_lead_i;
  assign lead[StreamZ] = tile_lead_i;
  assign z_valid_o = valid[StreamZ];
  assign z_taken_o = ready[StreamZ];
  assign z_access_o = access[StreamZ];
  assign z_place_o = place[StreamZ];
  assign z_saturate_o = job[StreamZ].saturate;

  redmule_port #(
      .PortWidth(PortWidth)
  ) u_port (
      .clk_i,
      .rst_ni,
      .clear_i,
      .valid_i (valid),
      .ready_o (ready),
      .access_i(access),
      .place_i (place),
      .lead_i  (lead),
      .z_payload_i,
      .mem_req_o,
      .mem_gnt_i,
      .mem_add_o,
      .mem_wen_o,
      .mem_be_o,
      .mem_data_o,
      .mem_r_valid_i,
      .mem_r_data_i,
      .mem_r_err_i,
      .beat_valid_o,
      .beat_access_o,
      .beat_place_o,
      .beat_payload_o,
      .bus_error_o,
      .transfer_o,
      .idle_o
  );

endmodule

`default_nettype wire
