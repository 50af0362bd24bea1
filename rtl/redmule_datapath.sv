// SPDX-License-Identifier: SHL-0.51
// Everything between the beats of the port: casts, buffers, the sequencer that runs the array, and the array. Wiring
// only.
//   beat -> cast in -> X, W lines and Y -> array -> Z -> cast out -> beat
`default_nettype none

module redmule_datapath
  import fp_pkg::*;
  import redmule_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned PipeRegs = 3,
    parameter int unsigned PortWidth = 256,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned RowGroups = 1,
    parameter bit Transposes = 1'b1,
    parameter int unsigned XChunkLines = 16,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WChunkLines = 16,
    parameter int unsigned WChunks = 2
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        clear_i,
    input  schedule_t                   schedule_i,
    input  job_t      [MaxContexts-1:0] jobs_i,
    output cycle_e                      cycle_o,             // what this cycle of the head is spent on
    output raised_t   [ NumRaisers-1:0] raised_o,
    // beats from the port
    input  logic      [ NumStreams-1:0] beat_valid_i,
    input  access_t                     beat_access_i,
    input  place_t                      beat_place_i,
    input  logic      [  PortWidth-1:0] beat_payload_i,
    input  logic                        beat_error_i,
    // with the loaders
    output lead_t                       tile_lead_o,
    output logic                        x_chunk_free_o,
    output logic                        w_chunk_free_o,
    output logic                        x_line_gone_o,
    output logic                        w_line_gone_o,
    output logic                        last_tile_begins_o,
    output ctx_t                        run_ctx_o,
    output logic                        acc_free_o,
    input  logic                        y_begins_i,
    // Z to the storer
    output logic                        z_ready_o,
    input  logic                        z_valid_i,
    input  logic                        z_taken_i,
    input  logic                        z_ends_i,
    input  access_t                     z_access_i,
    input  place_t                      z_place_i,
    input  logic                        z_saturate_i,
    output logic      [  PortWidth-1:0] z_payload_o
);

  localparam int unsigned TileCols = RowLen * (PipeRegs + 1);
  localparam int unsigned ColWidth = TileCols > 1 ? $clog2(TileCols) : 1;
  localparam int unsigned NumLanes = PortWidth / ByteBits;
  localparam int unsigned UnitElems = NumLanes / 2;

  // ---------------------------------------------------------------------------------------- the job of the array
  logic run_valid, run_passing, run_taken;
  job_t   job;
  cycle_e run_cycle;

  redmule_job_feed #(
      .NumContexts(NumContexts)
  ) u_feed (
      .clk_i,
      .rst_ni,
      .schedule_i,
      .jobs_i,
      .taken_i(run_taken),
      .valid_o(run_valid),
      .passing_o(run_passing),
      .ctx_o(run_ctx_o),
      .job_o(job)
  );

  // The array may be at work on a later job already, while the results of the head leave.
  assign cycle_o = run_ctx_o == schedule_i.head ? run_cycle : CycleDrain;

  // ---------------------------------------------------------------------------------------- casts and buffers
  fp16_t beat_elem[NumLanes];
  fp16_t z_elem[NumLanes];
  fp16_t x_line[1][NumRows];
  fp16_t w_line[RowGroups][TileCols];
  fp16_t w_elem[RowGroups][RowLen];
  logic w_filling;
  logic w_late_hit[WChunkLines];
  fp16_t w_late_elem[WChunkLines];
  fp16_t y_col[NumRows];
  fp16_t z_col[NumRows];
  logic z_live[NumRows];
  logic
      x_valid,
      w_valid,
      line_taken,
      block_ends,
      x_keep,
      y_ready,
      z_here,
      z_arriving,
      y_start,
      z_start,
      y_take,
      y_last,
      array_en,
      z_valid,
      z_last;
  logic [ColWidth-1:0] y_col_index;
  logic [RowLen-1:0] turn;
  split_t split;
  ctx_t z_ctx;
  flags_t flags_in, flags_array, flags_out;

  redmule_cast_lanes_in #(
      .PortWidth(PortWidth)
  ) u_cast_in (
      .valid_i(beat_valid_i != '0 & ~beat_valid_i[StreamZ] & ~beat_error_i),
      .format_i(beat_access_i.format),
      .elems_i(beat_access_i.elems),
      .payload_i(beat_payload_i),
      .elem_o(beat_elem),
      .flags_o(flags_in)
  );

  // Where all of N fits the buffer, X stays for all tiles of its row block.
  assign x_keep = job.n <= size_t'(XChunks * XChunkLines) && !block_ends;

  redmule_line_buffer #(
      .LineElems (NumRows),
      .ChunkLines(XChunkLines),
      .NumChunks (XChunks),
      .FillsAlong(Transposes),
      .UnitElems (UnitElems),
      .NumLanes  (NumLanes)
  ) u_x_buffer (
      .clk_i,
      .rst_ni,
      .clear_i,
      .n_i(job.n),
      .beat_valid_i(beat_valid_i[StreamX]),
      .beat_place_i,
      .beat_elems_i(beat_access_i.elems),
      .beat_elem_i(beat_elem),
      .line_valid_o(x_valid),
      .line_o(x_line),
      .filling_o(),
      .late_hit_o(),
      .late_elem_o(),
      .take_i(line_taken),
      .keep_i(x_keep),
      .line_gone_o(x_line_gone_o),
      .chunk_free_o(x_chunk_free_o)
  );

  redmule_line_buffer #(
      .LineElems(TileCols),
      .ChunkLines(WChunkLines),
      .NumChunks(WChunks),
      .RowGroups(RowGroups),
      .FillsAcross(Transposes),
      .UnitElems(UnitElems),
      .NumLanes(NumLanes)
  ) u_w_buffer (
      .clk_i,
      .rst_ni,
      .clear_i,
      .n_i(job.n),
      .beat_valid_i(beat_valid_i[StreamW]),
      .beat_place_i,
      .beat_elems_i(beat_access_i.elems),
      .beat_elem_i(beat_elem),
      .line_valid_o(w_valid),
      .line_o(w_line),
      .filling_o(w_filling),
      .late_hit_o(w_late_hit),
      .late_elem_o(w_late_elem),
      .take_i(line_taken),
      .keep_i(1'b0),
      .line_gone_o(w_line_gone_o),
      .chunk_free_o(w_chunk_free_o)
  );

  redmule_w_rows #(
      .RowLen(RowLen),
      .TileCols(TileCols),
      .RowGroups(RowGroups),
      .ChunkLines(WChunkLines)
  ) u_w_rows (
      .clk_i,
      .row_i (w_line),
      .load_i(line_taken),
      .step_i(array_en),
      .turn_i(turn),
      .filling_i(w_filling),
      .late_group_i(beat_place_i.group),
      .late_col_i(beat_place_i.row),
      .late_hit_i(w_late_hit),
      .late_elem_i(w_late_elem),
      .w_o   (w_elem)
  );

  redmule_yz_buffer #(
      .NumRows(NumRows),
      .TileCols(TileCols),
      .Transposes(Transposes),
      .UnitElems(UnitElems),
      .NumLanes(NumLanes)
  ) u_yz_buffer (
      .clk_i,
      .rst_ni,
      .clear_i,
      .y_begins_i,
      .beat_valid_i(beat_valid_i[StreamY]),
      .beat_place_i,
      .beat_elems_i(beat_access_i.elems),
      .beat_elem_i(beat_elem),
      .use_y_i(job.use_y),
      .free_o(acc_free_o),
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
      .z_ready_o,
      .z_place_i,
      .z_elem_o(z_elem),
      .z_ends_i
  );

  redmule_cast_lanes_out #(
      .PortWidth(PortWidth)
  ) u_cast_out (
      .valid_i(z_valid_i),
      .format_i(z_access_i.format),
      .saturate_i(z_saturate_i),
      .elems_i(z_access_i.elems),
      .elem_i(z_elem),
      .payload_o(z_payload_o),
      .flags_o(flags_out)
  );

  // ---------------------------------------------------------------------------------------- array
  logic feed_first, feed_last, feed_end, active;
  logic feed_live[NumRows];
  logic x_live[NumRows];

  redmule_run #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .RowGroups(RowGroups)
  ) u_run (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i(run_valid),
      .job_passing_i(run_passing),
      .m_i(job.m),
      .n_i(job.n),
      .k_i(job.k),
      .job_taken_o(run_taken),
      .cycle_o(run_cycle),
      .last_tile_begins_o,
      .block_ends_o(block_ends),
      .tile_lead_o,
      .acc_free_i(acc_free_o),
      .y_ready_i(y_ready),
      .z_here_i(z_here),
      .z_arriving_i(z_arriving),
      .x_valid_i(x_valid),
      .w_valid_i(w_valid),
      .y_start_o(y_start),
      .z_start_o(z_start),
      .y_take_o(y_take),
      .y_last_o(y_last),
      .y_col_o(y_col_index),
      .turn_live_o(line_taken),
      .split_o(split),
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
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .RowGroups(RowGroups)
  ) u_array (
      .clk_i,
      .rst_ni,
      .clear_i,
      .en_i(array_en),
      .feed_first_i(feed_first),
      .feed_last_i(feed_last),
      .feed_end_i(feed_end),
      .feed_ctx_i(run_ctx_o),
      .live_i(feed_live),
      .y_i(y_col),
      .turn_i(turn),
      .active_i(active),
      .op_i(job.op),
      .split_i(split),
      .x_live_i(x_live),
      .x_i(x_line[0]),
      .w_i(w_elem),
      .z_valid_o(z_valid),
      .z_end_o(z_last),
      .z_live_o(z_live),
      .z_o(z_col),
      .z_ctx_o(z_ctx),
      .flags_o(flags_array)
  );

  assign raised_o[RaisedIn] = '{ctx: beat_place_i.ctx, flags: flags_in};
  assign raised_o[RaisedArray] = '{ctx: z_ctx, flags: z_valid ? flags_array : '0};
  assign raised_o[RaisedOut] = '{ctx: z_place_i.ctx, flags: z_taken_i ? flags_out : '0};

endmodule

`default_nettype wire
