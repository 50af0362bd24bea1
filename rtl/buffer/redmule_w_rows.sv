// SPDX-License-Identifier: SHL-0.51
// The row of W that each column of the array works on, for each group of rows, given out one element a step.
//   step_i  the array advances: every column goes to its next element
//   turn_i  with step_i: the columns (one-hot) whose next element is the first of a row
//   load_i  with turn_i: that row is row_i
// A row may be loaded before all of it is there (see redmule_line_loader). The rest of it comes while filling_i is high:
//   late_*  element late_col_i of the rows of the chunk, of which the first belongs to the first column of the array
`default_nettype none

module redmule_w_rows
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned RowLen = 4,
    parameter int unsigned TileCols = 16,
    parameter int unsigned RowGroups = 1,
    parameter int unsigned ChunkLines = 16
) (
    input  logic                clk_i,
    input  fp16_t               row_i       [ RowGroups][TileCols],
    input  logic                load_i,
    input  logic                step_i,
    input  logic   [RowLen-1:0] turn_i,
    input  logic                filling_i,
    input  group_t              late_group_i,
    input  index_t              late_col_i,
    input  logic                late_hit_i  [ChunkLines],
    input  fp16_t               late_elem_i [ChunkLines],
    output fp16_t               w_o         [ RowGroups][  RowLen]
);

  localparam int unsigned TurnCols = TileCols / RowLen;
  localparam int unsigned ColWidth = TileCols > 1 ? $clog2(TileCols) : 1;
  localparam logic [ColWidth-1:0] LastCol = ColWidth'(TileCols - 1);

  fp16_t row_q[RowLen][RowGroups][TileCols];
  logic [ColWidth-1:0] col_q[RowLen];
  logic [RowLen-1:0] lacks, lacks_q;  // columns whose row may lack elements; a low filling_i forgets them

  assign lacks = filling_i ? (load_i ? turn_i : '0) | lacks_q : '0;

  always_ff @(posedge clk_i) lacks_q <= lacks;

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      for (int unsigned h = 0; h < RowLen; h++) begin
        if (turn_i[h]) row_q[h] <= row_i;
      end
    end
    for (int unsigned h = 0; h + 1 < RowLen && h < ChunkLines; h++) begin
      if (lacks[h] & late_hit_i[h]) begin
        for (int unsigned g = 0; g < RowGroups; g++) begin
          for (int unsigned c = (h + 1) * TurnCols; c < TileCols; c++) begin
            if (late_group_i == group_t'(g) && late_col_i == index_t'(c)) row_q[h][g][c] <= late_elem_i[h];
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (step_i) begin
      for (int unsigned h = 0; h < RowLen; h++) begin
        col_q[h] <= turn_i[h] || col_q[h] == LastCol ? '0 : col_q[h] + 1'b1;
      end
    end
  end

  always_comb begin
    for (int unsigned g = 0; g < RowGroups; g++) begin
      for (int unsigned h = 0; h < RowLen; h++) w_o[g][h] = row_q[h][g][col_q[h]];
    end
  end

`ifndef SYNTHESIS
  for (genvar h = 0; h < RowLen && h < ChunkLines; h++) begin : gen_late
    // What a row lacks comes before its column gives it out, and where the row takes it.
    LateElementComesInTime :
    assert property (@(posedge clk_i) lacks[h] && late_hit_i[h] |->
        late_col_i >= index_t'((h + 1) * TurnCols) && (!lacks_q[h] || late_col_i > index_t'(col_q[h])));
  end
`endif

endmodule

`default_nettype wire
