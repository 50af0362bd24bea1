// SPDX-License-Identifier: SHL-0.51
// Walks the rows of one memory, beat by beat. A beat is what lies in one bus word of BusBytes:
//   row of 13 bytes at offset 6 of 8:  | r1 r0 -- -- -- -- -- -- |  | r9 .. r2 |  | -- -- -- -- -- rc rb ra |
// Shows the present beat; advance_i goes on. After end_o, and after clear_i, the walk stands ready at what place_i and
// shape_i then say. The shape must not be empty.
`default_nettype none

module pulp_dma_walk
  import pulp_cluster_pkg::*;
  import pulp_dma_pkg::*;
#(
    parameter  int unsigned BusBytes   = 8,
    localparam int unsigned OffsetBits = $clog2(BusBytes)
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    clear_i,
    input  place_t                  place_i,
    input  shape_t                  shape_i,
    input  logic                    advance_i,
    output addr_t                   addr_o,     // of the bus word
    output logic   [  BusBytes-1:0] be_o,
    output logic   [OffsetBits-1:0] offset_o,   // of the present row in its first bus word
    output logic                    last_o,     // the last beat of a row
    output logic                    end_o       // the last beat of all
);

  localparam int unsigned SizeBits = OffsetBits + 1;
  localparam int unsigned RowStep = 1;

  typedef logic [OffsetBits-1:0] offset_t;
  typedef logic [SizeBits-1:0] size_t;

  logic row_first, row_last, beat_first, beat_last;
  addr_t row_addr, byte_addr;
  offset_t offset;
  size_t fits, size;

  redmule_loop #(
      .Width($bits(word_t)),
      .SizeWidth(RowStep)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(advance_i & beat_last),
      .total_i  (shape_i.rows),
      .step_i   (1'b1),
      .left_o   (),
      .size_o   (),
      .first_o  (row_first),
      .last_o   (row_last)
  );

  redmule_pointer #(
      .Width($bits(addr_t))
  ) u_row_addr (
      .clk_i,
      .first_i  (row_first),
      .advance_i(advance_i & beat_last),
      .base_i   (place_i.addr),
      .step_i   (place_i.stride),
      .place_o  (row_addr)
  );

  redmule_loop #(
      .Width($bits(word_t)),
      .SizeWidth(SizeBits)
  ) u_bytes (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i,
      .total_i(shape_i.row_bytes),
      .step_i (fits),
      .left_o (),
      .size_o (size),
      .first_o(beat_first),
      .last_o (beat_last)
  );

  redmule_pointer #(
      .Width($bits(addr_t))
  ) u_byte_addr (
      .clk_i,
      .first_i(beat_first),
      .advance_i,
      .base_i (row_addr),
      .step_i (addr_t'(fits)),
      .place_o(byte_addr)
  );

  assign offset = offset_t'(byte_addr);
  assign fits = size_t'(BusBytes) - size_t'(offset);
  assign addr_o = byte_addr - addr_t'(offset);
  assign be_o = ~('1 << size) << offset;
  assign offset_o = offset_t'(row_addr);
  assign last_o = beat_last;
  assign end_o = beat_last & row_last;

`ifndef SYNTHESIS
  // A beat has at least one byte, and lies in one bus word.
  BeatHasBytesOfOneWord :
  assert property (@(posedge clk_i) disable iff (!rst_ni) advance_i |->
      be_o != '0 && size + size_t'(offset) <= size_t'(BusBytes));

  // Only the first beat of a row begins inside a bus word.
  LaterBeatsBeginTheirWord :
  assert property (@(posedge clk_i) disable iff (!rst_ni) advance_i && !beat_first |-> offset == '0);
`endif

endmodule

`default_nettype wire
