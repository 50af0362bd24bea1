// SPDX-License-Identifier: SHL-0.51
// First in, first out. valid_o and data_o show the oldest entry; pop_i takes it away. push_i and pop_i may come at once.
// An entry is visible in the cycle after its push. clear_i forgets all entries.
`default_nettype none

module redmule_fifo #(
    parameter int unsigned Depth = 8,
    parameter type data_t = logic,
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   clear_i,
    input  logic                   push_i,
    input  data_t                  data_i,
    input  logic                   pop_i,
    output logic                   valid_o,
    output data_t                  data_o,
    output logic  [CountWidth-1:0] count_o
);

  localparam int unsigned IndexWidth = Depth > 1 ? $clog2(Depth) : 1;
  localparam logic [IndexWidth-1:0] LastIndex = IndexWidth'(Depth - 1);

  data_t entry_q[Depth];
  logic [IndexWidth-1:0] write_q, read_q;
  logic [CountWidth-1:0] count_q;

  assign valid_o = count_q != '0;
  assign data_o  = entry_q[read_q];
  assign count_o = count_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q  <= '0;
      count_q <= '0;
    end else if (clear_i) begin
      write_q <= '0;
      read_q  <= '0;
      count_q <= '0;
    end else begin
      if (push_i) write_q <= write_q == LastIndex ? '0 : write_q + 1'b1;
      if (pop_i) read_q <= read_q == LastIndex ? '0 : read_q + 1'b1;
      count_q <= count_q + CountWidth'(push_i) - CountWidth'(pop_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (push_i) entry_q[write_q] <= data_i;
  end

`ifndef SYNTHESIS
  // Space is reserved before anything is asked for, so an entry never comes to a full FIFO.
  FifoNotOverrun :
  assert property (@(posedge clk_i) disable iff (!rst_ni) push_i && !clear_i |-> count_q != CountWidth'(Depth));
  // Only what is there is taken.
  FifoNotUnderrun :
  assert property (@(posedge clk_i) disable iff (!rst_ni) pop_i && !clear_i |-> valid_o);
`endif

endmodule

`default_nettype wire
