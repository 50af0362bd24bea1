// SPDX-License-Identifier: SHL-0.51
// The four address sequencers of a job behind their gates, with flat ports. Streams stand in the order of stream_e, the
// first in the lowest bits. beat_o is {access_t, place_t} of each.
`default_nettype none

module walk_top
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned TileCols = 16,
    parameter int unsigned ChunkElems = 16,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WAhead = 6,
    parameter int unsigned PortWidth = 256,
    localparam int unsigned NumStreams = 4,
    localparam int unsigned OperandBits = $bits(operand_t),
    localparam int unsigned BeatBits = $bits(access_t) + $bits(place_t)
) (
    input  logic                                clk_i,
    input  logic                                rst_ni,
    input  logic                                clear_i,
    input  logic                                job_valid_i,
    input  logic                                job_done_i,
    input  logic   [NumStreams*OperandBits-1:0] operands_i,
    input  size_t                               m_i,
    input  size_t                               n_i,
    input  size_t                               k_i,
    input  logic   [            NumStreams-1:0] ready_i,
    input  logic                                chunk_free_i,
    input  elems_t                              chunk_left_i,
    input  logic                                beat_free_i,
    input  logic                                y_slot_i,
    input  logic                                z_slot_i,
    output logic   [            NumStreams-1:0] valid_o,
    output logic   [            NumStreams-1:0] taken_o,
    output logic   [   NumStreams*BeatBits-1:0] beats_o,
    output lead_t                               x_lead_o,
    output lead_t                               w_lead_o,
    output logic                                y_begins_o,
    output logic                                y_ends_o,
    output logic                                z_begins_o,
    output logic                                z_ends_o
);

  logic [NumStreams-1:0] job;
  operand_t operand[NumStreams];
  access_t access[NumStreams];
  place_t place[NumStreams];

  for (genvar s = 0; s < NumStreams; s++) begin : gen_stream
    assign operand[s] = operand_t'(operands_i[s*OperandBits+:OperandBits]);
    assign beats_o[s*BeatBits+:BeatBits] = {access[s], place[s]};

    redmule_job_gate u_gate (
        .clk_i,
        .rst_ni,
        .clear_i,
        .job_valid_i,
        .taken_i(taken_o[s]),
        .done_i(job_done_i),
        .job_valid_o(job[s])
    );
  end

  redmule_x_loader #(
      .NumRows(NumRows),
      .TileCols(TileCols),
      .ChunkElems(ChunkElems),
      .XChunks(XChunks),
      .PortWidth(PortWidth)
  ) u_x (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job[StreamX]),
      .x_i(operand[StreamX]),
      .m_i,
      .n_i,
      .k_i,
      .job_taken_o(taken_o[StreamX]),
      .valid_o(valid_o[StreamX]),
      .ready_i(ready_i[StreamX]),
      .access_o(access[StreamX]),
      .place_o(place[StreamX]),
      .lead_o(x_lead_o),
      .chunk_free_i,
      .chunk_left_i
  );

  redmule_w_loader #(
      .NumRows(NumRows),
      .TileCols(TileCols),
      .WAhead(WAhead),
      .PortWidth(PortWidth)
  ) u_w (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job[StreamW]),
      .w_i(operand[StreamW]),
      .m_i,
      .n_i,
      .k_i,
      .job_taken_o(taken_o[StreamW]),
      .valid_o(valid_o[StreamW]),
      .ready_i(ready_i[StreamW]),
      .access_o(access[StreamW]),
      .place_o(place[StreamW]),
      .lead_o(w_lead_o),
      .beat_free_i
  );

  redmule_yz_access #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .PortWidth(PortWidth)
  ) u_y (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job[StreamY]),
      .operand_i(operand[StreamY]),
      .m_i,
      .k_i,
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
      .PortWidth(PortWidth),
      .LastOfJob(1'b1)
  ) u_z (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(job[StreamZ]),
      .operand_i(operand[StreamZ]),
      .m_i,
      .k_i,
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
