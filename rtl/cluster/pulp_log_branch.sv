// SPDX-License-Identifier: SHL-0.51
// Brings NumPorts initiators of one word to the banks; each bank takes one of them a cycle, in turn.
//   Granted in the cycle in which its bank serves it (bank_gnt_i), answered in the next one; writes read as 0.
//   An address outside of [Base, Base + memory) is granted at once and answered with an error and 0; an access without
//   byte enables is granted at once and answered with 0. Neither touches a bank.
// bank_gnt_i may depend on bank_req_o, never the other way round. NumBanks is a power of two.
`default_nettype none

module pulp_log_branch
  import pulp_cluster_pkg::*;
#(
    parameter int unsigned NumPorts  = 10,
    parameter int unsigned NumBanks  = 16,
    parameter int unsigned BankWords = 2048,
    parameter addr_t       Base      = '0
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // initiators
    input  logic      [NumPorts-1:0] req_i,
    output logic      [NumPorts-1:0] gnt_o,
    input  word_req_t                access_i    [NumPorts],
    output logic      [NumPorts-1:0] r_valid_o,
    output word_rsp_t                rsp_o       [NumPorts],
    // banks
    output logic      [NumBanks-1:0] bank_req_o,
    input  logic      [NumBanks-1:0] bank_gnt_i,
    output addr_t                    bank_row_o  [NumBanks],
    output logic      [NumBanks-1:0] bank_wen_o,
    output lanes_t                   bank_be_o   [NumBanks],
    output word_t                    bank_wdata_o[NumBanks],
    input  word_t                    bank_rdata_i[NumBanks]
);

  localparam int unsigned BankBits = $clog2(NumBanks);
  localparam int unsigned OffsetBits = $clog2(WordBytes);
  localparam addr_t Words = addr_t'(NumBanks * BankWords);

  typedef logic [BankBits-1:0] bank_t;

  addr_t word[NumPorts];  // number of the addressed word in the memory
  bank_t bank[NumPorts];
  logic [NumPorts-1:0] inside_memory, wants_bank;
  logic [NumPorts-1:0] asks[NumBanks];
  logic [NumPorts-1:0] pick[NumBanks];

  // offset in the memory   | row | bank | byte |
  always_comb begin
    for (int unsigned p = 0; p < NumPorts; p++) begin
      word[p] = (access_i[p].add - Base) >> OffsetBits;
      bank[p] = bank_t'(word[p]);
      inside_memory[p] = word[p] < Words;
      wants_bank[p] = req_i[p] & inside_memory[p] & (access_i[p].be != '0);
    end
  end

  always_comb begin
    for (int unsigned b = 0; b < NumBanks; b++) asks[b] = '0;
    for (int unsigned p = 0; p < NumPorts; p++) asks[bank[p]][p] = wants_bank[p];
  end

  for (genvar b = 0; b < NumBanks; b++) begin : gen_bank
    assign bank_req_o[b] = asks[b] != '0;

    pulp_round_robin #(
        .NumRequests(NumPorts)
    ) u_turn (
        .clk_i,
        .rst_ni,
        .req_i(asks[b]),
        .served_i(bank_req_o[b] & bank_gnt_i[b]),
        .pick_o(pick[b])
    );
  end

  // At most one port is picked for a bank.
  always_comb begin
    bank_wen_o = '0;
    for (int unsigned b = 0; b < NumBanks; b++) begin
      bank_row_o[b]   = '0;
      bank_be_o[b]    = '0;
      bank_wdata_o[b] = '0;
    end
    for (int unsigned p = 0; p < NumPorts; p++) begin
      if (pick[bank[p]][p]) begin
        bank_row_o[bank[p]]   = word[p] >> BankBits;
        bank_wen_o[bank[p]]   = access_i[p].wen;
        bank_be_o[bank[p]]    = access_i[p].be;
        bank_wdata_o[bank[p]] = access_i[p].data;
      end
    end
  end

  always_comb begin
    for (int unsigned p = 0; p < NumPorts; p++) begin
      gnt_o[p] = req_i[p] & (~wants_bank[p] | (pick[bank[p]][p] & bank_gnt_i[bank[p]]));
    end
  end

  // Answers
  logic [NumPorts-1:0] valid_q, err_q, read_q;
  bank_t bank_q[NumPorts];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= gnt_o;
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned p = 0; p < NumPorts; p++) begin
      if (gnt_o[p]) begin
        err_q[p]  <= ~inside_memory[p];
        read_q[p] <= wants_bank[p] & access_i[p].wen;
        bank_q[p] <= bank[p];
      end
    end
  end

  assign r_valid_o = valid_q;

  always_comb begin
    for (int unsigned p = 0; p < NumPorts; p++) begin
      rsp_o[p] = '{data: read_q[p] ? bank_rdata_i[bank_q[p]] : '0, err: err_q[p]};
    end
  end

`ifndef SYNTHESIS
  logic [NumBanks-1:0] missing_row;

  always_comb begin
    for (int unsigned b = 0; b < NumBanks; b++) begin
      missing_row[b] = bank_req_o[b] && bank_row_o[b] >= addr_t'(BankWords);
    end
  end

  // No address leads to a row that a bank does not have.
  LogRowIsInItsBank :
  assert property (@(posedge clk_i) disable iff (!rst_ni) missing_row == '0);
  // An access that touches a bank is granted just when its bank serves it: one access for each bank that serves.
  OneLogAccessForEachServingBank :
  assert property (@(posedge clk_i) disable iff (!rst_ni) $countones(
      gnt_o & wants_bank
  ) == $countones(
      bank_req_o & bank_gnt_i
  ));
`endif

endmodule

`default_nettype wire
