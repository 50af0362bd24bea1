// SPDX-License-Identifier: SHL-0.51
// The array: NumRows rows in which a tile of accumulators circulates. Everything moves by one place in a cycle with
// en_i, and nothing without it.
//   Entering: with feed_first_i the column y_i enters (live_i: the rows with a live element), else the column that leaves
//             comes back in. The step works with the X, op and W of its place from the next advance on.
//   Loading:  turn_i (one-hot) names the column of elements that turns to a new n, x_i its X values; active_i low says
//             that n >= N: the elements hand accumulators on untouched until they turn again. split_i says how many
//             groups of rows share x_i, each with its own W.
//   Leaving:  columns that entered with feed_last_i appear on z_o after TileCols further advances, with z_valid_o in
//             the first cycle they are there; z_end_o marks the last live one of a tile. z_ctx_o is the job of that
//             column, flags_o all that was raised on its way.
`default_nettype none

module redmule_array
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned PipeRegs = 3,
    parameter int unsigned RowGroups = 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                clear_i,
    input  logic                en_i,
    // a column of accumulators enters
    input  logic                feed_first_i,
    input  logic                feed_last_i,
    input  logic                feed_end_i,
    input  ctx_t                feed_ctx_i,
    input  logic                live_i      [  NumRows],
    input  fp16_t               y_i         [  NumRows],
    // a column of elements turns to the next n
    input  logic   [RowLen-1:0] turn_i,
    input  logic                active_i,
    input  op_e                 op_i,
    input  split_t              split_i,
    input  logic                x_live_i    [  NumRows],
    input  fp16_t               x_i         [  NumRows],
    input  fp16_t               w_i         [RowGroups][RowLen],
    // a finished column leaves
    output logic                z_valid_o,
    output logic                z_end_o,
    output logic                z_live_o    [  NumRows],
    output fp16_t               z_o         [  NumRows],
    output ctx_t                z_ctx_o,
    output flags_t              flags_o
);

  localparam int unsigned RowWidth = NumRows > 1 ? $clog2(NumRows) : 1;
  localparam int unsigned GroupWidth = RowGroups > 1 ? $clog2(RowGroups) : 1;

  // What travels beside each column of accumulators, once for all rows.
  typedef struct packed {
    logic   last;   // in its last pass
    logic   tail;   // last live column of its tile
    ctx_t   ctx;    // its job
    flags_t flags;
  } lane_t;

  logic first_q, fresh_q;
  lane_t enter_q;
  logic live_q[NumRows];
  fp16_t y_q[NumRows];
  logic [RowLen-1:0] active_q;
  op_e op_q[RowLen];
  split_t split_q[RowLen];
  group_t group[RowLen][NumRows];
  row_t x_place[NumRows];

  logic ring_live[NumRows];
  fp16_t ring[NumRows];
  flags_t ce_flags[NumRows][RowLen];
  lane_t lane_in[RowLen];
  lane_t lane_out[RowLen];
  lane_t lane_q[RowLen][PipeRegs+1];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) fresh_q <= 1'b0;
    else fresh_q <= en_i & ~clear_i;
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      first_q <= feed_first_i;
      enter_q <= '{last: feed_last_i, tail: feed_end_i, ctx: feed_ctx_i, flags: '0};
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      for (int unsigned h = 0; h < RowLen; h++) begin
        if (turn_i[h]) begin
          active_q[h] <= active_i;
          op_q[h] <= op_i;
          split_q[h] <= split_i;
        end
      end
    end
  end

  redmule_row_map #(
      .NumRows  (NumRows),
      .RowGroups(RowGroups)
  ) u_x_map (
      .split_i,
      .used_o (),
      .last_o (),
      .group_o(),
      .place_o(x_place)
  );

  for (genvar h = 0; h < RowLen; h++) begin : gen_w_map
    redmule_row_map #(
        .NumRows  (NumRows),
        .RowGroups(RowGroups)
    ) u_map (
        .split_i(split_q[h]),
        .used_o (),
        .last_o (),
        .group_o(group[h]),
        .place_o()
    );
  end

  for (genvar r = 0; r < NumRows; r++) begin : gen_row
    fp16_t w[RowLen];
    always_comb begin
      for (int unsigned h = 0; h < RowLen; h++) w[h] = w_i[GroupWidth'(group[h][r])][h];
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) live_q[r] <= 1'b0;
      else if (clear_i) live_q[r] <= 1'b0;
      else if (en_i) live_q[r] <= live_i[r];
    end

    always_ff @(posedge clk_i) begin
      if (en_i & live_i[r]) y_q[r] <= y_i[r];
    end

    redmule_row #(
        .RowLen  (RowLen),
        .PipeRegs(PipeRegs)
    ) u_row (
        .clk_i,
        .rst_ni,
        .clear_i,
        .en_i,
        .load_i  (x_live_i[r] && active_i ? turn_i : '0),
        .x_i     (x_i[RowWidth'(x_place[r])]),
        .active_i(active_q),
        .op_i    (op_q),
        .w_i     (w),
        .valid_i (first_q ? live_q[r] : ring_live[r]),
        .acc_i   (first_q ? y_q[r] : ring[r]),
        .valid_o (ring_live[r]),
        .acc_o   (ring[r]),
        .flags_o (ce_flags[r])
    );
  end

  always_comb begin
    for (int unsigned h = 0; h < RowLen; h++) begin
      lane_out[h] = lane_q[h][PipeRegs];
      for (int unsigned r = 0; r < NumRows; r++) lane_out[h].flags |= ce_flags[r][h];
    end
    lane_in[0] = enter_q;
    if (!first_q) lane_in[0].flags = lane_out[RowLen-1].flags;
    for (int unsigned h = 1; h < RowLen; h++) lane_in[h] = lane_out[h-1];
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      for (int unsigned h = 0; h < RowLen; h++) begin
        lane_q[h][0] <= lane_in[h];
        for (int unsigned p = 1; p <= PipeRegs; p++) lane_q[h][p] <= lane_q[h][p-1];
      end
    end
  end

  assign z_live_o = ring_live;
  assign z_o = ring;
  assign z_valid_o = fresh_q & ring_live[0] & lane_out[RowLen-1].last;
  assign z_end_o = lane_out[RowLen-1].tail;
  assign z_ctx_o = lane_out[RowLen-1].ctx;
  assign flags_o = lane_out[RowLen-1].flags;

endmodule

`default_nettype wire
