// SPDX-License-Identifier: Apache-2.0
// Flops of every kind that Verilator stores in its own way, each with a use whose answer to a fault is known by hand.
`default_nettype none

module fault_cell (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       en_i,
    input  logic [3:0] data_i,
    output logic [3:0] held_o
);
  typedef struct packed {
    logic [1:0] high;
    logic [1:0] low;
  } pair_t;

  if (1) begin : gen_held
    pair_t held_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) held_q <= '0;
      else if (en_i) begin
        held_q.high <= data_i[3:2];
        held_q.low  <= data_i[1:0];
      end
    end
    assign held_o = held_q;
  end

`ifndef SYNTHESIS
  logic [3:0] checked_q;
  always_ff @(posedge clk_i) checked_q <= held_o;
  HeldIsKept :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !en_i |=> held_o == checked_q);
`endif
endmodule

module fault_output (
    input  logic       clk_i,
    input  logic [7:0] data_i,
    output logic [7:0] taken_o
);
  always_ff @(posedge clk_i) taken_o <= data_i;
endmodule

module fault_cells #(
    parameter int unsigned Cells = 2
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        en_i,
    input  logic [ 3:0] data_i,
    output logic        shift_o,   // data_i[0], three cycles later
    output logic [ 7:0] count_o,   // cycles since the reset
    output logic [69:0] ring_o,    // turned by one bit in every cycle
    output logic        parity_o,  // of a table that is never written
    output logic [ 3:0] held_o,    // of all cells, which take data_i with en_i
    output logic [ 7:0] taken_o    // a sum whose operand is registered, one cycle later
);
  logic shift_q[3];
  always_ff @(posedge clk_i) begin
    shift_q[0] <= data_i[0];
    for (int unsigned i = 1; i < 3; i++) shift_q[i] <= shift_q[i-1];
  end
  assign shift_o = shift_q[2];

  logic [ 7:0] count_q;
  logic [69:0] ring_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q <= '0;
      ring_q  <= 70'h1;
    end else begin
      count_q <= count_q + 1'b1;
      ring_q  <= {ring_q[68:0], ring_q[69]};
    end
  end
  assign count_o = count_q;
  assign ring_o  = ring_q;

  logic [4:0] table_q[2][3];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned i = 0; i < 2; i++) for (int unsigned j = 0; j < 3; j++) table_q[i][j] <= '0;
    end else if (en_i && count_q == '1) table_q[0][0] <= '1;
  end
  always_comb begin
    parity_o = 1'b0;
    for (int unsigned i = 0; i < 2; i++) for (int unsigned j = 0; j < 3; j++) parity_o ^= ^table_q[i][j];
  end

  logic [7:0] operand_q;
  always_ff @(posedge clk_i) operand_q <= count_q + 8'(data_i);
  fault_output u_output (
      .clk_i,
      .data_i(operand_q),
      .taken_o
  );

  logic [3:0] held[Cells];
  for (genvar c = 0; c < Cells; c++) begin : gen_cell
    fault_cell u_cell (
        .clk_i,
        .rst_ni,
        .en_i,
        .data_i,
        .held_o(held[c])
    );
  end
  always_comb begin
    held_o = '0;
    for (int unsigned c = 0; c < Cells; c++) held_o ^= held[c];
  end

  logic [3:0] unread_q;  // for nobody
  always_ff @(posedge clk_i) unread_q <= data_i;
endmodule

`default_nettype wire
