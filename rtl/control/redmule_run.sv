// SPDX-License-Identifier: SHL-0.51
// Runs the array: for every tile ceil(N/H) passes, in each the H columns of elements in turn, P+1 steps apart. A step
// takes one column of accumulators in; it happens in the cycle in which all that it needs is there:
//   first step of a tile    Y of the tile is here, Z of the tile before last is gone
//   a column of elements turns to a new n < N (every P+1 steps)    line n of X and of W
// With no job that may run behind the last step, the array drains: it advances without taking anything in until the last
// column of Z has left. cycle_o says what a cycle was spent on. "A tile" is one for each group of rows.
`default_nettype none

module redmule_run
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned PipeRegs = 3,
    parameter int unsigned RowGroups = 1,
    localparam int unsigned TileCols = RowLen * (PipeRegs + 1),
    localparam int unsigned ColWidth = TileCols > 1 ? $clog2(TileCols) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  clear_i,
    // the job
    input  logic                  job_valid_i,
    input  logic                  job_passing_i,                // a refused job is passed over, this cycle
    input  size_t                 m_i,
    input  size_t                 n_i,
    input  size_t                 k_i,
    output logic                  job_taken_o,                  // its last step
    output cycle_e                cycle_o,
    output logic                  last_tile_begins_o,
    output logic                  block_ends_o,                 // the tile is the last one of its row block
    output lead_t                 tile_lead_o,                  // what is left of the tile, in values of n
    // buffers
    input  logic                  acc_free_i,
    input  logic                  y_ready_i,
    input  logic                  z_here_i,
    input  logic                  z_arriving_i,
    input  logic                  x_valid_i,
    input  logic                  w_valid_i,
    output logic                  y_start_o,
    output logic                  z_start_o,
    output logic                  y_take_o,
    output logic                  y_last_o,
    output logic   [ColWidth-1:0] y_col_o,
    output logic                  turn_live_o,                  // with X and W: a column turns to an n < N
    output split_t                split_o,
    // array
    output logic                  en_o,
    output logic                  feed_first_o,
    output logic                  feed_last_o,
    output logic                  feed_end_o,
    output logic                  feed_live_o       [NumRows],
    output logic   [  RowLen-1:0] turn_o,
    output logic                  active_o,
    output logic                  x_live_o          [NumRows]
);

  localparam int unsigned PhaseWidth = $clog2(PipeRegs + 2);

  logic step, drain_begins, finished_d, finished_q, started_d, started_q;
  logic tile_begins, tile_last, pass_first, pass_last, turn_first, turn_last, phase_first, phase_last;
  logic tile_ends, draining_d, draining_q;
  size_t rows, cols, last_cols, n_left, n_size, n_ahead;
  col_t turn;
  logic row_used[NumRows], row_last[NumRows];
  row_t row_place[NumRows];

  // The nest of loops
  redmule_tile_walk #(
      .NumRows  (NumRows),
      .TileCols (TileCols),
      .RowGroups(RowGroups)
  ) u_tiles (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(tile_ends),
      .m_i,
      .k_i,
      .base_i('0),
      .block_step_i('0),
      .tile_step_i('0),
      .rows_o(rows),
      .cols_o(cols),
      .split_o,
      .place_o(),
      .block_ends_o,
      .last_o(tile_last)
  );

  redmule_loop u_passes (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(step & phase_last & turn_last),
      .total_i(n_i),
      .step_i(size_t'(RowLen)),
      .left_o(n_left),
      .size_o(n_size),
      .first_o(pass_first),
      .last_o(pass_last)
  );

  redmule_loop #(
      .Width($bits(col_t))
  ) u_turns (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(step & phase_last),
      .total_i(col_t'(RowLen)),
      .step_i(col_t'(1)),
      .left_o(),
      .size_o(),
      .first_o(turn_first),
      .last_o(turn_last)
  );

  redmule_pointer #(
      .Width($bits(col_t))
  ) u_turn (
      .clk_i,
      .first_i(turn_first),
      .advance_i(step & phase_last),
      .base_i('0),
      .step_i(col_t'(1)),
      .place_o(turn)
  );

  redmule_loop #(
      .Width(PhaseWidth)
  ) u_phases (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(step),
      .total_i(PhaseWidth'(PipeRegs + 1)),
      .step_i(PhaseWidth'(1)),
      .left_o(),
      .size_o(),
      .first_o(phase_first),
      .last_o(phase_last)
  );

  redmule_pointer #(
      .Width(ColWidth)
  ) u_col (
      .clk_i,
      .first_i(turn_first & phase_first),
      .advance_i(step),
      .base_i('0),
      .step_i(ColWidth'(1)),
      .place_o(y_col_o)
  );

  assign tile_begins = pass_first & turn_first & phase_first;
  assign tile_ends = step & pass_last & turn_last & phase_last;
  assign job_taken_o = tile_ends & tile_last;
  assign last_tile_begins_o = y_start_o & tile_last;

  redmule_row_map #(
      .NumRows  (NumRows),
      .RowGroups(RowGroups)
  ) u_row_map (
      .split_i(split_o),
      .used_o (row_used),
      .last_o (row_last),
      .group_o(),
      .place_o(row_place)
  );

  // May the array step?
  assign active_o = size_t'(turn) < n_size;

  always_comb begin
    step = 1'b0;
    cycle_o = CycleStep;
    if (!job_valid_i) cycle_o = CycleDrain;
    else if (tile_begins && z_here_i) cycle_o = CycleStallZ;
    else if (tile_begins && !y_ready_i) cycle_o = CycleStallY;
    else if (phase_first && active_o && !x_valid_i) cycle_o = CycleStallX;
    else if (phase_first && active_o && !w_valid_i) cycle_o = CycleStallW;
    else step = 1'b1;
    if (job_valid_i && !started_q && !step) cycle_o = CycleStart;
  end

  // A finished tile leaves as the next one enters, or on its own when there is no next one; once begun, the way out on
  // its own goes on to its end, whatever comes.
  assign drain_begins = ~job_valid_i & ~job_passing_i & finished_q & acc_free_i;
  assign en_o = step | drain_begins | (draining_q & z_arriving_i);
  assign y_start_o = step & tile_begins;
  assign z_start_o = (y_start_o & finished_q) | drain_begins;
  assign finished_d = (tile_ends | (finished_q & ~z_start_o)) & ~clear_i;
  assign draining_d = (drain_begins | (draining_q & z_arriving_i)) & ~clear_i;
  assign started_d = (started_q | step) & ~job_taken_o & ~clear_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      finished_q <= 1'b0;
      draining_q <= 1'b0;
      started_q  <= 1'b0;
    end else begin
      finished_q <= finished_d;
      draining_q <= draining_d;
      started_q  <= started_d;
    end
  end

  // What enters the array. All groups but the last have whole tiles.
  assign last_cols = cols - ((size_t'(TileCols) << split_o) - size_t'(TileCols));
  assign feed_first_o = pass_first | ~job_valid_i;
  assign feed_last_o = pass_last;
  assign feed_end_o = size_t'(y_col_o) == (split_o == '0 ? last_cols : size_t'(TileCols)) - size_t'(1);
  assign y_take_o = step & pass_first & (split_o != '0 || size_t'(y_col_o) < last_cols);
  assign y_last_o = feed_end_o;
  assign turn_live_o = step & phase_first & active_o;

  always_comb begin
    for (int unsigned r = 0; r < NumRows; r++) begin
      x_live_o[r] = row_used[r] && size_t'(row_place[r]) < rows;
      feed_live_o[r] = y_take_o & x_live_o[r] & (!row_last[r] || size_t'(y_col_o) < last_cols);
    end
    turn_o = step && phase_first ? RowLen'(1) << turn : '0;
  end

  // How soon the next tile's Y, and the room for this tile's Z, are needed.
  assign n_ahead = n_left - size_t'(turn);
  always_comb begin
    if (!job_valid_i || tile_begins) tile_lead_o = '0;
    else if (size_t'(turn) >= n_left) tile_lead_o = '0;
    else if (n_ahead > size_t'(FarAway)) tile_lead_o = FarAway;
    else tile_lead_o = lead_t'(n_ahead);
  end

`ifndef SYNTHESIS
  // One finished tile at most waits in the ring for its way out.
  OneFinishedTile :
  assert property (@(posedge clk_i) disable iff (!rst_ni) tile_ends |-> !finished_q || z_start_o);
`endif

endmodule

`default_nettype wire
