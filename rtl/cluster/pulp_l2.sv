// SPDX-License-Identifier: SHL-0.51
// The L2 memory, as the DMA sees it: one access in interval_i cycles, each answered, in order, latency_i cycles after its
// grant; both may change at any time, a 0 counts as 1. addr_i is a byte address and that of a bus word. Outside
// of [Base, Base + Bytes) an access does nothing and is answered with r_err_o. For simulation: the contents are one array,
// linear in little-endian bytes, without reset.
`default_nettype none

module pulp_l2
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned Bytes        = 1 << 20,
    parameter  int unsigned BusBytes     = 8,
    parameter  addr_t       Base         = '0,
    parameter  int unsigned LatencyBits  = 10,
    parameter  int unsigned IntervalBits = 8,
    localparam int unsigned BusBits      = BusBytes * 8
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic  [ LatencyBits-1:0] latency_i,
    input  logic  [IntervalBits-1:0] interval_i,
    input  logic                     req_i,
    output logic                     gnt_o,
    input  addr_t                    addr_i,
    input  logic                     wen_i,       // 1 = read
    input  logic  [    BusBytes-1:0] be_i,
    input  logic  [     BusBits-1:0] wdata_i,
    output logic                     r_valid_o,
    output logic  [     BusBits-1:0] rdata_o,
    output logic                     r_err_o
);

  localparam int unsigned Words = Bytes / BusBytes;
  localparam int unsigned ByteBits = BusBits / BusBytes;
  localparam int unsigned WordShift = $clog2(BusBytes);
  localparam int unsigned MaxOpen = 1 << LatencyBits;  // one access a cycle for the longest latency
  localparam int unsigned CountBits = $clog2(MaxOpen + 1);
  localparam longint unsigned EndOfAddresses = 64'd1 << $bits(addr_t);

  typedef struct packed {
    word_t due;  // number of the cycle before which it must not leave
    logic [BusBits-1:0] data;
    logic err;
  } answer_t;
  typedef logic [IntervalBits-1:0] interval_t;
  typedef logic [Words > 1 ? $clog2(Words)-1 : 0:0] index_t;

  if (BusBytes != 1 << WordShift || Bytes % BusBytes != 0 || Bytes == 0) begin : gen_bad_size
    $error("%0d bytes on a bus of %0d bytes; they must be whole words of a power of two", Bytes, BusBytes);
  end
  if (Base % BusBytes != 0 || 64'(Base) + 64'(Bytes) > EndOfAddresses) begin : gen_bad_base
    $error("Base is %0h; it must be that of a word, and %0d bytes must follow", Base, Bytes);
  end

  logic [BusBits-1:0] mem_q[Words];

  word_t now_q;
  interval_t rest_d, rest_q;
  logic accept, known, write, pending;
  addr_t  from_base;
  index_t word;
  answer_t answer, oldest;
  logic [CountBits-1:0] open;

  assign from_base = addr_i - Base;
  assign known = from_base < addr_t'(Bytes);
  assign word = index_t'(from_base >> WordShift);
  assign gnt_o = rest_q == '0 && open != CountBits'(MaxOpen);
  assign accept = req_i & gnt_o;
  assign write = accept & known & ~wen_i;

  // Cycles after this one without a grant.
  always_comb begin
    rest_d = rest_q;
    if (accept) rest_d = interval_i == '0 ? '0 : interval_i - interval_t'(1);
    else if (rest_q != '0) rest_d = rest_q - interval_t'(1);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      now_q  <= '0;
      rest_q <= '0;
    end else begin
      now_q  <= now_q + word_t'(1);
      rest_q <= rest_d;
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < BusBytes; b++) begin
      if (write && be_i[b]) mem_q[word][b*ByteBits+:ByteBits] <= wdata_i[b*ByteBits+:ByteBits];
    end
  end

  assign answer = '{due: now_q + word_t'(latency_i), data: accept && known && wen_i ? mem_q[word] : '0, err: ~known};

  redmule_fifo #(
      .Depth (MaxOpen),
      .data_t(answer_t)
  ) u_answers (
      .clk_i,
      .rst_ni,
      .clear_i(1'b0),
      .push_i (accept),
      .data_i (answer),
      .pop_i  (r_valid_o),
      .valid_o(pending),
      .data_o (oldest),
      .count_o(open)
  );

  // An answer may be later than due, behind one that was asked for under a longer latency, but never by half of all
  // numbers: the difference tells which one is the earlier.
  word_t early;
  assign early = oldest.due - now_q;
  assign r_valid_o = pending && (early == '0 || early[WordBits-1]);
  assign rdata_o = oldest.data;
  assign r_err_o = oldest.err;

`ifndef SYNTHESIS
  // The address is that of a bus word.
  L2AddressIsAligned :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i |-> WordShift'(addr_i) == '0);

  // Between two accesses lies the interval.
  L2RestsBetweenAccesses :
  assert property (@(posedge clk_i) disable iff (!rst_ni) accept && interval_i > interval_t'(1) |=> !gnt_o);
`endif

endmodule

`default_nettype wire
