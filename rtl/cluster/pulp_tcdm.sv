// SPDX-License-Identifier: SHL-0.51
// The banks of the tightly coupled memory. Each has a single port: one access a cycle, byte enables, data of a read in
// the next cycle, held until the next read of that bank. Word w of the memory is in row w / NumBanks of bank
// w % NumBanks; the storage is one array in the order of the words, so that a simulator sees a linear little-endian
// memory; a chip puts an SRAM in the place of each bank. A row is less than BankWords. Contents and data have no reset.
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

  word_t mem_q  [BankWords] [NumBanks];
  word_t rdata_q[ NumBanks];

  assign rdata_o = rdata_q;

  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < NumBanks; b++) begin
      if (req_i[b] & wen_i[b]) rdata_q[b] <= mem_q[row_t'(row_i[b])][b];
      for (int unsigned l = 0; l < WordBytes; l++) begin
        if (req_i[b] & ~wen_i[b] & be_i[b][l]) begin
          mem_q[row_t'(row_i[b])][b][l*ByteBits+:ByteBits] <= wdata_i[b][l*ByteBits+:ByteBits];
        end
      end
    end
  end

endmodule

`default_nettype wire
