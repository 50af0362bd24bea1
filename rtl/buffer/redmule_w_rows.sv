// SPDX-License-Identifier: SHL-0.51
// The row of W that each column of the array works on, for each group of rows, given out one element a step.
//   step_i  the array advances: every column goes to its next element
//   turn_i  with step_i: the columns (one-hot) whose next element is the first of a row
//   load_i  with turn_i: that row is row_i
`default_nettype none

module redmule_w_rows
  import fp_pkg::*;
#(
    parameter int unsigned RowLen = 4,
    parameter int unsigned TileCols = 16,
    parameter int unsigned RowGroups = 1
) (
    input  logic               clk_i,
    input  fp16_t              row_i [RowGroups][TileCols],
    input  logic               load_i,
    input  logic               step_i,
    input  logic  [RowLen-1:0] turn_i,
    output fp16_t              w_o   [RowGroups][  RowLen]
);

  localparam int unsigned ColWidth = TileCols > 1 ? $clog2(TileCols) : 1;
  localparam logic [ColWidth-1:0] LastCol = ColWidth'(TileCols - 1);

  fp16_t row_q[RowLen][RowGroups][TileCols];
  logic [ColWidth-1:0] col_q[RowLen];

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      for (int unsigned h = 0; h < RowLen; h++) begin
        if (turn_i[h]) row_q[h] <= row_i;
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

endmodule

`default_nettype wire
