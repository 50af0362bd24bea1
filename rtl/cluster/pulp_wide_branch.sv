// SPDX-License-Identifier: SHL-0.51
// Brings NumWide initiators of PortWidth + 32 bits to the banks, one at a time and in turn; who is chosen stays so until
// its grant. Word i goes to address add + 4 * i, so the words meet adjacent banks, behind the last bank in the next row.
//   gnt_i: all banks of touches_o serve the request in this cycle. Answered in the next one; words without a byte enable
//   touch no bank and, as words of writes and of errors, read as 0.
//   With an enabled word outside of [Base, Base + memory), or with none, no bank is touched, the request is granted as
//   soon as it is chosen and answered, outside with an error.
// gnt_i may depend on req_o, never the other way round. NumBanks is a power of two > PortWidth / 32.
`default_nettype none

module pulp_wide_branch
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned NumWide   = 1,
    parameter  int unsigned PortWidth = 256,
    parameter  int unsigned NumBanks  = 16,
    parameter  int unsigned BankWords = 2048,
    parameter  addr_t       Base      = '0,
    localparam int unsigned DataWidth = PortWidth + WordBits
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // initiators
    input  logic   [    NumWide-1:0] req_i,
    output logic   [    NumWide-1:0] gnt_o,
    input  addr_t                    add_i       [ NumWide],
    input  logic   [    NumWide-1:0] wen_i,
    input  logic   [DataWidth/8-1:0] be_i        [ NumWide],
    input  logic   [  DataWidth-1:0] data_i      [ NumWide],
    output logic   [    NumWide-1:0] r_valid_o,
    output logic   [  DataWidth-1:0] r_data_o    [ NumWide],
    output logic   [    NumWide-1:0] r_err_o,
    // banks
    output logic                     req_o,
    input  logic                     gnt_i,
    output logic   [   NumBanks-1:0] touches_o,
    output addr_t                    bank_row_o  [NumBanks],
    output logic                     bank_wen_o,
    output lanes_t                   bank_be_o   [NumBanks],
    output word_t                    bank_wdata_o[NumBanks],
    input  word_t                    bank_rdata_i[NumBanks]
);

  localparam int unsigned NumWords = DataWidth / WordBits;
  localparam int unsigned BankBits = $clog2(NumBanks);
  localparam int unsigned OffsetBits = $clog2(WordBytes);
  localparam int unsigned PlaceBits = $bits(addr_t) - OffsetBits + 1;  // addresses do not wrap

  typedef logic [BankBits-1:0] bank_t;
  typedef logic [PlaceBits-1:0] place_t;  // number of a word in the memory; below Base it is beyond the end

  localparam place_t Words = place_t'(NumBanks * BankWords);

  // Choosing: one that waits keeps the branch.
  logic [NumWide-1:0] chosen, held, held_q;

  pulp_round_robin #(
      .NumRequests(NumWide)
  ) u_turn (
      .clk_i,
      .rst_ni,
      .req_i(held != '0 ? held : req_i),
      .served_i(gnt_o != '0),
      .pick_o(chosen)
  );

  assign held = held_q & req_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) held_q <= '0;
    else held_q <= chosen & ~gnt_o;
  end

  // The chosen request
  addr_t add;
  logic wen;
  logic [DataWidth/8-1:0] be;
  logic [DataWidth-1:0] data;

  always_comb begin
    add  = add_i[0];
    wen  = wen_i[0];
    be   = be_i[0];
    data = data_i[0];
    for (int unsigned w = 1; w < NumWide; w++) begin
      if (chosen[w]) begin
        add  = add_i[w];
        wen  = wen_i[w];
        be   = be_i[w];
        data = data_i[w];
      end
    end
  end

  // Its words, as many as there are banks: those that the port does not have are not enabled.
  place_t place;
  lanes_t word_be  [NumBanks];
  word_t  word_data[NumBanks];
  logic [NumWords-1:0] enabled, outside;

  assign place = place_t'(add >> OffsetBits) - place_t'(Base >> OffsetBits);

  always_comb begin
    for (int unsigned i = 0; i < NumBanks; i++) begin
      word_be[i]   = '0;
      word_data[i] = '0;
    end
    for (int unsigned i = 0; i < NumWords; i++) begin
      word_be[i]   = be[i*WordBytes+:WordBytes];
      word_data[i] = data[i*WordBits+:WordBits];
      enabled[i]   = word_be[i] != '0;
      outside[i]   = enabled[i] & (place_t'(place + place_t'(i)) >= Words);
    end
  end

  assign req_o = (chosen != '0) & (enabled != '0) & (outside == '0);
  assign bank_wen_o = wen;

  // Bank b gets the word that stands b - first banks behind the first one, where a row ends too:
  //   NumBanks 4, first bank 3, words w0 w1 w2   row r | .  .  .  w0 |   row r+1 | w1 w2 .  .  |
  always_comb begin
    for (int unsigned b = 0; b < NumBanks; b++) begin
      automatic bank_t i = bank_t'(b) - bank_t'(place);
      bank_row_o[b] = addr_t'(place_t'(place + place_t'(i))) >> BankBits;
      bank_be_o[b] = word_be[i];
      bank_wdata_o[b] = word_data[i];
      touches_o[b] = req_o & (word_be[i] != '0);
    end
  end

  assign gnt_o = chosen & {NumWide{~req_o | gnt_i}};

  // Answers
  logic [NumWide-1:0] valid_q;
  logic err_q;
  bank_t first_q;
  logic [NumWords-1:0] read_q;
  logic [DataWidth-1:0] r_data;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= gnt_o;
  end

  always_ff @(posedge clk_i) begin
    if (gnt_o != '0) begin
      err_q   <= outside != '0;
      first_q <= bank_t'(place);
      read_q  <= req_o & wen ? enabled : '0;
    end
  end

  always_comb begin
    for (int unsigned i = 0; i < NumWords; i++) begin
      r_data[i*WordBits+:WordBits] = read_q[i] ? bank_rdata_i[bank_t'(first_q+bank_t'(i))] : '0;
    end
    for (int unsigned w = 0; w < NumWide; w++) r_data_o[w] = r_data;
  end

  assign r_valid_o = valid_q;
  assign r_err_o   = valid_q & {NumWide{err_q}};

`ifndef SYNTHESIS
  logic [NumBanks-1:0] missing_row;

  always_comb begin
    for (int unsigned b = 0; b < NumBanks; b++) begin
      missing_row[b] = touches_o[b] && bank_row_o[b] >= addr_t'(BankWords);
    end
  end

  // No address leads to a row that a bank does not have.
  WideRowIsInItsBank :
  assert property (@(posedge clk_i) disable iff (!rst_ni) missing_row == '0);
  // Each enabled word has a bank of its own.
  WideWordsMeetDifferentBanks :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_o |-> $countones(touches_o) == $countones(enabled));
  // The banks see one request until it is granted.
  ChosenRequestStays :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_o && !gnt_i ##1 (req_i & $past(
      chosen
  )) != '0 |-> $stable(
      chosen
  ));
`endif

endmodule

`default_nettype wire
