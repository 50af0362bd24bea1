// SPDX-License-Identifier: SHL-0.51
// RedMulE: Z = (X op1 W) op2 Y on an array of NumRows x RowLen computing elements. One memory port, one register port,
// one event line per core. Wiring only: five sequencers (X, W, Y loaders, run, Z storer) walk the same tiles and meet at
// the buffers between them; see ARCHITECTURE.md for the way of the data.
`default_nettype none

module redmule_top
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned PipeRegs = 3,
    parameter int unsigned PortWidth = 256,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned NumCores = 8,
    parameter int unsigned IdWidth = 4,
    parameter int unsigned RowGroups = 1,
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

  localparam int unsigned TileCols = RowLen * (PipeRegs + 1);
  localparam int unsigned ColWidth = TileCols > 1 ? $clog2(TileCols) : 1;
  localparam int unsigned NumLanes = PortWidth / 8;
  localparam int unsigned UnitElems = PortWidth / 16;
  localparam int unsigned ChunkElems = RowLen > UnitElems ? RowLen : UnitElems / RowLen * RowLen;
  localparam int unsigned NumStreams = 4;

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

  // ---------------------------------------------------------------------------------------- control
  logic clear, job_valid, job_done, port_idle, port_transfer, bus_error;
  job_t job;
  flags_t flags, flags_in, flags_array, flags_out;
  cycle_e  cycle;
  access_t beat_access;

  redmule_control #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .PortWidth(PortWidth),
      .NumContexts(NumContexts),
      .NumCores(NumCores),
      .IdWidth(IdWidth),
      .RowGroups(RowGroups)
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
      .job_valid_o(job_valid),
      .job_o(job),
      .job_ctx_o(),
      .clear_o(clear),
      .job_done_i(job_done),
      .port_idle_i(port_idle),
      .port_transfer_i(port_transfer),
      .bus_error_i(bus_error),
      .bus_error_addr_i(beat_access.addr),
      .flags_i(flags),
      .cycle_i(cycle)
  );

  // ------------------------------------------------------------------------- memory port and sequencers
  logic [NumStreams-1:0] stream_valid, stream_ready, stream_taken, stream_job;
  access_t stream_access[NumStreams];
  place_t  stream_place [NumStreams];
  lead_t   stream_lead  [NumStreams];
  lead_t   tile_lead;

  logic x_chunk_free, w_beat_free, acc_free, y_begins, z_ends, z_ready;
  elems_t x_chunk_left;

  for (genvar s = 0; s < NumStreams; s++) begin : gen_gate
    redmule_job_gate u_gate (
        .clk_i,
        .rst_ni,
        .clear_i(clear),
        .job_valid_i(job_valid),
        .taken_i(stream_taken[s]),
        .done_i(job_done),
        .job_valid_o(stream_job[s])
    );
  end

  redmule_x_loader #(
      .NumRows(NumRows),
      .TileCols(TileCols),
      .ChunkElems(ChunkElems),
      .XChunks(XChunks),
      .PortWidth(PortWidth)
  ) u_x_loader (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .job_valid_i(stream_job[StreamX]),
      .x_i(job.x),
      .m_i(job.m),
      .n_i(job.n),
      .k_i(job.k),
      .job_taken_o(stream_taken[StreamX]),
      .valid_o(stream_valid[StreamX]),
      .ready_i(stream_ready[StreamX]),
      .access_o(stream_access[StreamX]),
      .place_o(stream_place[StreamX]),
      .lead_o(stream_lead[StreamX]),
      .chunk_free_i(x_chunk_free),
      .chunk_left_i(x_chunk_left)
  );

  redmule_w_loader #(
      .NumRows(NumRows),
      .TileCols(TileCols),
      .WAhead(WAhead),
      .PortWidth(PortWidth)
  ) u_w_loader (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .job_valid_i(stream_job[StreamW]),
      .w_i(job.w),
      .m_i(job.m),
      .n_i(job.n),
      .k_i(job.k),
      .job_taken_o(stream_taken[StreamW]),
      .valid_o(stream_valid[StreamW]),
      .ready_i(stream_ready[StreamW]),
      .access_o(stream_access[StreamW]),
      .place_o(stream_place[StreamW]),
      .lead_o(stream_lead[StreamW]),
      .beat_free_i(w_beat_free)
  );

  redmule_yz_access #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .PortWidth(PortWidth)
  ) u_y_loader (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .job_valid_i(stream_job[StreamY] & job.use_y),
      .operand_i(job.y),
      .m_i(job.m),
      .k_i(job.k),
      .job_taken_o(stream_taken[StreamY]),
      .valid_o(stream_valid[StreamY]),
      .ready_i(stream_ready[StreamY]),
      .access_o(stream_access[StreamY]),
      .place_o(stream_place[StreamY]),
      .slot_ready_i(acc_free),
      .begins_o(y_begins),
      .ends_o()
  );

  redmule_yz_access #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .PortWidth(PortWidth),
      .LastOfJob(1'b1)
  ) u_z_storer (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .job_valid_i(stream_job[StreamZ]),
      .operand_i(job.z),
      .m_i(job.m),
      .k_i(job.k),
      .job_taken_o(stream_taken[StreamZ]),
      .valid_o(stream_valid[StreamZ]),
      .ready_i(stream_ready[StreamZ]),
      .access_o(stream_access[StreamZ]),
      .place_o(stream_place[StreamZ]),
      .slot_ready_i(z_ready),
      .begins_o(),
      .ends_o(z_ends)
  );

  assign stream_lead[StreamY] = tile_lead;
  assign stream_lead[StreamZ] = tile_lead;

  logic beat_valid;
  stream_e beat_stream;
  place_t beat_place;
  logic [PortWidth-1:0] beat_payload, z_payload;
  logic [NumStreams-1:0] beat_for;

  redmule_port #(
      .PortWidth(PortWidth)
  ) u_port (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .valid_i(stream_valid),
      .ready_o(stream_ready),
      .access_i(stream_access),
      .place_i(stream_place),
      .lead_i(stream_lead),
      .z_payload_i(z_payload),
      .mem_req_o,
      .mem_gnt_i,
      .mem_add_o,
      .mem_wen_o,
      .mem_be_o,
      .mem_data_o,
      .mem_r_valid_i,
      .mem_r_data_i,
      .mem_r_err_i,
      .beat_valid_o(beat_valid),
      .beat_stream_o(beat_stream),
      .beat_access_o(beat_access),
      .beat_place_o(beat_place),
      .beat_payload_o(beat_payload),
      .bus_error_o(bus_error),
      .transfer_o(port_transfer),
      .idle_o(port_idle)
  );

  always_comb begin
    beat_for = '0;
    beat_for[beat_stream] = beat_valid;
  end

  assign job_done = beat_for[StreamZ] & beat_place.last & ~bus_error;

  // ---------------------------------------------------------------------------------- casts and buffers
  fp16_t beat_elem[NumLanes];
  fp16_t z_elem[NumLanes];
  fp16_t x_col[NumRows];
  fp16_t w_elem[RowLen];
  fp16_t y_col[NumRows];
  fp16_t z_col[NumRows];
  logic z_live[NumRows];
  logic x_valid, w_ready, w_done, y_ready, z_here, z_arriving, y_start, z_start, y_take, y_last, turn_live;
  logic array_en, z_valid, z_last;
  elems_t w_loaded;
  logic [ColWidth-1:0] y_col_index;
  logic [RowLen-1:0] turn;

  redmule_cast_lanes_in #(
      .PortWidth(PortWidth)
  ) u_cast_in (
      .valid_i(beat_valid & ~beat_for[StreamZ] & ~bus_error),
      .format_i(beat_access.format),
      .elems_i(beat_access.elems),
      .payload_i(beat_payload),
      .elem_o(beat_elem),
      .flags_o(flags_in)
  );

  redmule_x_buffer #(
      .NumRows(NumRows),
      .ChunkElems(ChunkElems),
      .XChunks(XChunks),
      .UnitElems(UnitElems),
      .NumLanes(NumLanes)
  ) u_x_buffer (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .n_i(job.n),
      .beat_valid_i(beat_for[StreamX]),
      .beat_place_i(beat_place),
      .beat_elems_i(beat_access.elems),
      .beat_elem_i(beat_elem),
      .col_valid_o(x_valid),
      .col_o(x_col),
      .take_i(turn_live),
      .chunk_free_o(x_chunk_free),
      .chunk_left_o(x_chunk_left)
  );

  redmule_w_buffer #(
      .RowLen(RowLen),
      .TileCols(TileCols),
      .WAhead(WAhead),
      .UnitElems(UnitElems),
      .NumLanes(NumLanes)
  ) u_w_buffer (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .beat_valid_i(beat_for[StreamW]),
      .beat_unit_i(beat_place.unit),
      .beat_last_i(beat_place.last),
      .beat_elems_i(beat_access.elems),
      .beat_elem_i(beat_elem),
      .beat_free_o(w_beat_free),
      .row_ready_o(w_ready),
      .row_done_o(w_done),
      .loaded_o(w_loaded),
      .begin_i(turn_live),
      .step_i(array_en),
      .turn_i(turn),
      .w_o(w_elem)
  );

  redmule_yz_buffer #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .UnitElems(UnitElems),
      .NumLanes (NumLanes)
  ) u_yz_buffer (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .y_begins_i(y_begins),
      .beat_valid_i(beat_for[StreamY]),
      .beat_place_i(beat_place),
      .beat_elems_i(beat_access.elems),
      .beat_elem_i(beat_elem),
      .use_y_i(job.use_y),
      .free_o(acc_free),
      .y_ready_o(y_ready),
      .z_here_o(z_here),
      .z_arriving_o(z_arriving),
      .y_start_i(y_start),
      .z_start_i(z_start),
      .y_take_i(y_take),
      .y_last_i(y_last),
      .y_col_i(y_col_index),
      .y_o(y_col),
      .z_valid_i(z_valid),
      .z_last_i(z_last),
      .z_live_i(z_live),
      .z_i(z_col),
      .z_ready_o(z_ready),
      .z_row_i(stream_place[StreamZ].row),
      .z_unit_i(stream_place[StreamZ].unit),
      .z_elem_o(z_elem),
      .z_ends_i(z_ends)
  );

  redmule_cast_lanes_out #(
      .PortWidth(PortWidth)
  ) u_cast_out (
      .valid_i(stream_valid[StreamZ]),
      .format_i(job.z.format),
      .saturate_i(job.saturate),
      .elems_i(stream_access[StreamZ].elems),
      .elem_i(z_elem),
      .payload_o(z_payload),
      .flags_o(flags_out)
  );

  // ---------------------------------------------------------------------------------------- array
  logic run_job, run_taken, feed_first, feed_last, feed_end, active;
  logic feed_live[NumRows];
  logic x_live[NumRows];

  redmule_job_gate u_run_gate (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .job_valid_i(job_valid),
      .taken_i(run_taken),
      .done_i(job_done),
      .job_valid_o(run_job)
  );

  redmule_run #(
      .NumRows (NumRows),
      .RowLen  (RowLen),
      .PipeRegs(PipeRegs)
  ) u_run (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .job_valid_i(run_job),
      .m_i(job.m),
      .n_i(job.n),
      .k_i(job.k),
      .job_taken_o(run_taken),
      .cycle_o(cycle),
      .tile_lead_o(tile_lead),
      .acc_free_i(acc_free),
      .y_ready_i(y_ready),
      .z_here_i(z_here),
      .z_arriving_i(z_arriving),
      .x_valid_i(x_valid),
      .w_ready_i(w_ready),
      .w_done_i(w_done),
      .w_loaded_i(w_loaded),
      .y_start_o(y_start),
      .z_start_o(z_start),
      .y_take_o(y_take),
      .y_last_o(y_last),
      .y_col_o(y_col_index),
      .turn_live_o(turn_live),
      .en_o(array_en),
      .feed_first_o(feed_first),
      .feed_last_o(feed_last),
      .feed_end_o(feed_end),
      .feed_live_o(feed_live),
      .turn_o(turn),
      .active_o(active),
      .x_live_o(x_live)
  );

  redmule_array #(
      .NumRows (NumRows),
      .RowLen  (RowLen),
      .PipeRegs(PipeRegs)
  ) u_array (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .en_i(array_en),
      .feed_first_i(feed_first),
      .feed_last_i(feed_last),
      .feed_end_i(feed_end),
      .live_i(feed_live),
      .y_i(y_col),
      .turn_i(turn),
      .active_i(active),
      .op_i(job.op),
      .x_live_i(x_live),
      .x_i(x_col),
      .w_i(w_elem),
      .z_valid_o(z_valid),
      .z_end_o(z_last),
      .z_live_o(z_live),
      .z_o(z_col),
      .flags_o(flags_array)
  );

  assign flags = flags_in | (z_valid ? flags_array : '0) | (stream_ready[StreamZ] ? flags_out : '0);

endmodule

`default_nettype wire
