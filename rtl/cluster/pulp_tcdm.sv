// SPDX-License-Identifier: SHL-0.51
// The banks of the tightly coupled memory. Each has a single port: one access a cycle, byte enables, data of a read in
// the next cycle, held until the next read of that bank. Word w of the memory is in row w / NumBanks of bank
// w % NumBanks; the storage is one array in the order of the words, so that a simulator sees a linear little-endian
// memory. A row is less than BankWords. Contents and data have no reset.
`default_nettype none

module pulp_tcdm
  import pulp_cluster_pkg::*;
#(
    parameter int unsigned NumBanks  = 16,
    parameter int unsigned BankWords = 2048
) (
    input  logic                  clk_i,
    input  logic   [NumBanks-1:0] req_i,
    input  addr_t                 row_i  [NumBanks],
    input  logic   [NumBanks-1:0] wen_i,              // 1: read
    input  lanes_t                be_i   [NumBanks],
    input  word_t                 wdata_i[NumBanks],
    output word_t                 rdata_o[NumBanks]
);

  localparam int unsigned RowBits = BankWords > 1 ? $clog2(BankWords) : 1;
  localparam int unsigned ByteBits = WordBits / WordBytes;

  typedef logic [RowBits-1:0] row_t;
  typedef logic [ByteBits-1:0] byte_t;

  word_t mem_q  [BankWords] [NumBanks];
  word_t rdata_q[ NumBanks];

  assign rdata_o = rdata_q;

  function automatic word_t merged(word_t stored, word_t written, lanes_t be);
    word_t mask;
    for (int unsigned b = 0; b < WordBytes; b++) mask[b*ByteBits+:ByteBits] = be[b] ? byte_t'('1) : byte_t'('0);
    return (written & mask) | (stored & ~mask);
  endfunction

  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < NumBanks; b++) begin
      if (req_i[b]) begin
        if (wen_i[b]) rdata_q[b] <= mem_q[row_t'(row_i[b])][b];
        else mem_q[row_t'(row_i[b])][b] <= merged(mem_q[row_t'(row_i[b])][b], wdata_i[b], be_i[b]);
      end
    end
  end

endmodule

`default_nettype wire
