// SPDX-License-Identifier: SHL-0.51
// Turns bus words as a row lies in its source into bus words as it lies in its destination. The bytes of a source word
// are rotated into their destination lanes; those that come after the present destination word are kept for the next.
//   source offset 2:        | 5 4 3 2 1 0 - - | d c b a 9 8 7 6 |
//   rotated by 5 - 2:       | 2 1 0 - - 5 4 3 | a 9 8 7 6 d c b |
//   destination offset 5:   | 2 1 0 - - - - - | a 9 8 7 6 5 4 3 | - - - - - d c b |
// A word leaves in the cycle in which its last byte is there. If the destination offset is the smaller one, the first
// source word of a row only fills the store, so a row may take one cycle more than it has words on either side.
`default_nettype none

module pulp_dma_realign #(
    parameter  int unsigned BusBytes   = 8,
    localparam int unsigned OffsetBits = $clog2(BusBytes),
    localparam int unsigned BusBits    = BusBytes * 8
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  clear_i,
    // source
    input  logic                  src_valid_i,
    output logic                  src_ready_o,
    input  logic [   BusBits-1:0] src_data_i,
    input  logic [OffsetBits-1:0] src_offset_i,
    input  logic                  src_last_i,
    // destination
    input  logic [OffsetBits-1:0] dst_offset_i,
    input  logic                  dst_last_i,
    output logic                  dst_valid_o,
    input  logic                  dst_ready_i,
    output logic [   BusBits-1:0] dst_data_o
);

  localparam int unsigned ByteBits = BusBits / BusBytes;
  localparam int unsigned BitOfByte = $clog2(ByteBits);

  typedef logic [OffsetBits-1:0] offset_t;
  typedef logic [BusBytes-1:0][ByteBits-1:0] bus_t;

  logic fill, takes, leaves;
  logic begun_d, begun_q;  // a source word of this row was taken
  logic tail_d, tail_q;  // its last one was; what is left is in the store
  offset_t rotation;
  bus_t rotated, store_q;

  assign rotation = dst_offset_i - src_offset_i;
  assign fill = ~begun_q && dst_offset_i < src_offset_i;

  assign dst_valid_o = tail_q | (src_valid_i & ~fill);
  assign src_ready_o = ~tail_q & (fill | dst_ready_i);
  assign takes = src_valid_i & src_ready_o;
  assign leaves = dst_valid_o & dst_ready_i;

  // Bytes that go past the end of a word come in at its begin; there stand those of the word before, from the store.
  assign rotated = bus_t'(({src_data_i, src_data_i} << {rotation, BitOfByte'(0)}) >> BusBits);

  always_comb begin
    for (int unsigned b = 0; b < BusBytes; b++) begin
      dst_data_o[b*ByteBits+:ByteBits] = tail_q || b < 32'(rotation) ? store_q[b] : rotated[b];
    end
  end

  always_comb begin
    begun_d = begun_q | takes;
    tail_d  = tail_q | (takes & src_last_i);
    if (clear_i || (leaves && dst_last_i)) begin
      begun_d = 1'b0;
      tail_d  = 1'b0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      begun_q <= 1'b0;
      tail_q  <= 1'b0;
    end else begin
      begun_q <= begun_d;
      tail_q  <= tail_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (takes) store_q <= rotated;
  end

`ifndef SYNTHESIS
  // The last word of a row leaves with its last source word or after it, so rows do not mix.
  RowsEndTogether :
  assert property (@(posedge clk_i) disable iff (!rst_ni) leaves && dst_last_i |-> tail_q || (takes && src_last_i));

  // What is left in the store after the last source word of a row is one word.
  TailIsOneWord :
  assert property (@(posedge clk_i) disable iff (!rst_ni) tail_q |-> dst_last_i);
`endif

endmodule

`default_nettype wire
