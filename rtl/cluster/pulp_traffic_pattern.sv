// SPDX-License-Identifier: SHL-0.51
// Which word of its region a traffic generator accesses next: index_o, of the access that is begun with advance_i.
// Linear and strided begin at word 0 after restart_i and wrap at the end. The words of memory are interleaved over the
// banks, word 0 is in bank 0.
`default_nettype none

module pulp_traffic_pattern
  import pulp_cluster_pkg::*;
  import pulp_traffic_regs_pkg::*;
#(
    parameter  int unsigned NumBanks    = 16,
    parameter  int unsigned RegionWords = 256,
    localparam int unsigned IndexBits   = $clog2(RegionWords)
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     restart_i,
    input  logic                     advance_i,
    input  pattern_e                 pattern_i,
    input  logic     [IndexBits-1:0] stride_i,   // words
    input  logic     [IndexBits-1:0] bank_i,
    input  addr_t                    base_i,     // byte address of the region, that of a word
    input  logic     [IndexBits-1:0] random_i,
    output logic     [IndexBits-1:0] index_o
);

  typedef logic [IndexBits-1:0] index_t;

  // In which of NumBanks banks, of a power of two.
  localparam index_t BankMask = index_t'(NumBanks - 1);

  index_t next_q, step, bank_step;

  assign step = pattern_i == PatternStrided ? stride_i : index_t'(1);
  assign bank_step = (bank_i - index_t'(base_i / WordBytes)) & BankMask;

  always_comb begin
    unique case (pattern_i)
      PatternRandom: index_o = random_i;
      // index | row of the banks | bank - bank of word 0 |
      PatternBank: index_o = (random_i & ~BankMask) | bank_step;
      default: index_o = next_q;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) next_q <= '0;
    else if (restart_i) next_q <= '0;
    else if (advance_i) next_q <= next_q + step;
  end

`ifndef SYNTHESIS
  // The bank pattern stays in its bank.
  BankPatternKeepsItsBank :
  assert property (@(posedge clk_i) disable iff (!rst_ni) advance_i && pattern_i == PatternBank |->
      ((index_o + index_t'(base_i / WordBytes) - bank_i) & BankMask) == '0);
`endif

endmodule

`default_nettype wire
