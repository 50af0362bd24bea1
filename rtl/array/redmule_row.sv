// SPDX-License-Identifier: SHL-0.51
// One row of the array: RowLen computing elements, each working on what its left neighbour hands on, with one held X
// value each. An accumulator passes the row in RowLen * (PipeRegs + 1) advances (en_i).
//   load_i (one-hot, with en_i)  the element takes a new X value, used from the next advance on
`default_nettype none

module redmule_row
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned RowLen   = 4,
    parameter int unsigned PipeRegs = 3
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                clear_i,
    input  logic                en_i,
    input  logic   [RowLen-1:0] load_i,
    input  fp16_t               x_i,
    input  logic   [RowLen-1:0] active_i,
    input  op_e                 op_i    [RowLen],
    input  fp16_t               w_i     [RowLen],
    input  logic                valid_i,
    input  fp16_t               acc_i,
    output logic                valid_o,
    output fp16_t               acc_o,
    output flags_t              flags_o [RowLen]
);

  fp16_t x_q  [  RowLen];
  fp16_t acc  [RowLen+1];
  logic  valid[RowLen+1];

  assign acc[0] = acc_i;
  assign valid[0] = valid_i;
  assign acc_o = acc[RowLen];
  assign valid_o = valid[RowLen];

  for (genvar h = 0; h < RowLen; h++) begin : gen_ce
    always_ff @(posedge clk_i) begin
      if (en_i & load_i[h]) x_q[h] <= x_i;
    end

    redmule_ce #(
        .PipeRegs(PipeRegs)
    ) u_ce (
        .clk_i,
        .rst_ni,
        .clear_i,
        .en_i,
        .valid_i (valid[h]),
        .active_i(active_i[h]),
        .op_i    (op_i[h]),
        .x_i     (x_q[h]),
        .w_i     (w_i[h]),
        .acc_i   (acc[h]),
        .valid_o (valid[h+1]),
        .acc_o   (acc[h+1]),
        .flags_o (flags_o[h])
    );
  end

endmodule

`default_nettype wire
