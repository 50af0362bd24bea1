// SPDX-License-Identifier: SHL-0.51
// The four address sequencers behind their job feeds, with flat ports. Streams stand in the order of stream_e, jobs in the
// order of their contexts, the first in the lowest bits. beats_o is {access_t, place_t} of each stream.
`default_nettype none

module walk_top
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned TileCols = 16,
    parameter int unsigned RowGroups = 1,
    parameter int unsigned XChunkLines = 16,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WChunkLines = 16,
    parameter int unsigned WChunks = 2,
    parameter int unsigned PortWidth = 256,
    parameter int unsigned NumContexts = 4,
    localparam int unsigned JobBits = $bits(job_t),
    localparam int unsigned BeatBits = $bits(access_t) + $bits(place_t)
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    input  logic                            clear_i,
    // schedule
    input  logic  [        MaxContexts-1:0] job_ready_i,
    input  logic  [        MaxContexts-1:0] job_refused_i,
    input  logic  [        MaxContexts-1:0] job_ended_i,
    input  ctx_t                            head_i,
    input  logic                            restart_i,
    input  logic  [MaxContexts*JobBits-1:0] jobs_i,
    // streams
    input  logic  [         NumStreams-1:0] ready_i,
    output logic  [         NumStreams-1:0] valid_o,
    output logic  [         NumStreams-1:0] taken_o,
    output logic  [NumStreams*BeatBits-1:0] beats_o,
    // buffers
    input  logic                            x_chunk_free_i,
    input  logic                            x_line_taken_i,
    input  logic                            w_chunk_free_i,
    input  logic                            w_line_taken_i,
    input  logic                            y_slot_i,
    input  logic                            z_slot_i,
    output lead_t                           x_lead_o,
    output lead_t                           w_lead_o,
    output logic                            y_begins_o,
    output logic                            y_ends_o,
    output logic                            z_begins_o,
    output logic                            z_ends_o
);

  schedule_t schedule;
  job_t [MaxContexts-1:0] jobs;
  logic [NumStreams-1:0] job_valid;
  ctx_t ctx[NumStreams];
  job_t job[NumStreams];
  access_t access[NumStreams];
  place_t place[NumStreams];

  assign schedule = '{
          ready: job_ready_i,
          refused: job_refused_i,
          ended: job_ended_i,
          head: head_i,
          restart: restart_i
      };
  assign jobs = jobs_i;

  for (genvar s = 0; s < NumStreams; s++) begin : gen_stream
    assign beats_o[s*BeatBits+:BeatBits] = {access[s], place[s]};

    redmule_job_feed #(
        .NumContexts(NumContexts)
    ) u_feed (
        .clk_i,
        .rst_ni,
        .schedule_i(schedule),
        .jobs_i(jobs),
        .taken_i(taken_o[s]),
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
  ) u_x (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job_valid[StreamX]),
      .ctx_i(ctx[StreamX]),
      .job_i(job[StreamX]),
      .job_taken_o(taken_o[StreamX]),
      .valid_o(valid_o[StreamX]),
      .ready_i(ready_i[StreamX]),
      .access_o(access[StreamX]),
      .place_o(place[StreamX]),
      .lead_o(x_lead_o),
      .chunk_free_i(x_chunk_free_i),
      .line_taken_i(x_line_taken_i)
  );

  redmule_line_loader #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .TileCols(TileCols),
      .RowGroups(RowGroups),
      .ChunkLines(WChunkLines),
      .NumChunks(WChunks),
      .PortWidth(PortWidth)
  ) u_w (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job_valid[StreamW]),
      .ctx_i(ctx[StreamW]),
      .job_i(job[StreamW]),
      .job_taken_o(taken_o[StreamW]),
      .valid_o(valid_o[StreamW]),
      .ready_i(ready_i[StreamW]),
      .access_o(access[StreamW]),
      .place_o(place[StreamW]),
      .lead_o(w_lead_o),
      .chunk_free_i(w_chunk_free_i),
      .line_taken_i(w_line_taken_i)
  );

  redmule_yz_access #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .RowGroups(RowGroups),
      .PortWidth(PortWidth)
  ) u_y (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job_valid[StreamY]),
      .ctx_i(ctx[StreamY]),
      .operand_i(job[StreamY].y),
      .m_i(job[StreamY].m),
      .k_i(job[StreamY].k),
      .job_taken_o(taken_o[StreamY]),
      .valid_o(valid_o[StreamY]),
      .ready_i(ready_i[StreamY]),
      .access_o(access[StreamY]),
      .place_o(place[StreamY]),
      .slot_ready_i(y_slot_i),
      .begins_o(y_begins_o),
      .ends_o(y_ends_o)
  );

  redmule_yz_access #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .RowGroups(RowGroups),
      .PortWidth(PortWidth),
      .LastOfJob(1'b1)
  ) u_z (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job_valid[StreamZ]),
      .ctx_i(ctx[StreamZ]),
      .operand_i(job[StreamZ].z),
      .m_i(job[StreamZ].m),
      .k_i(job[StreamZ].k),
      .job_taken_o(taken_o[StreamZ]),
      .valid_o(valid_o[StreamZ]),
      .ready_i(ready_i[StreamZ]),
      .access_o(access[StreamZ]),
      .place_o(place[StreamZ]),
      .slot_ready_i(z_slot_i),
      .begins_o(z_begins_o),
      .ends_o(z_ends_o)
  );

endmodule

`default_nettype wire
