// SPDX-License-Identifier: SHL-0.51
// pulp_tcdm_interconnect, the whole fabric, any traffic on all initiators: a read returns what was last written to its
// address, byte by byte, whoever wrote it, and accesses to other addresses change nothing. One word of the memory, any
// (spot), is followed; an access to it is found from the address at the initiator alone.
`default_nettype none

module memory_proof
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned NumPorts  = 2,
    parameter  int unsigned NumWide   = 1,
    parameter  int unsigned PortWidth = 32,
    parameter  int unsigned NumBanks  = 2,
    parameter  int unsigned BankWords = 2,
    parameter  addr_t       Base      = '0,
    localparam int unsigned DataWidth = PortWidth + WordBits,
    localparam int unsigned SpotBits  = $clog2(NumBanks * BankWords)
) (
    input logic                           clk_i,
    input logic                           rst_ni,
    input arbiter_cfg_t                   cfg_i,
    input logic                           cfg_set_i,
    input logic         [   NumPorts-1:0] log_req_i,
    input word_req_t                      log_access_i[NumPorts],
    input logic         [    NumWide-1:0] wide_req_i,
    input addr_t                          wide_add_i  [ NumWide],
    input logic         [    NumWide-1:0] wide_wen_i,
    input logic         [DataWidth/8-1:0] wide_be_i   [ NumWide],
    input logic         [  DataWidth-1:0] wide_data_i [ NumWide],
    input logic         [   SpotBits-1:0] spot_i
);

  localparam int unsigned NumWords = DataWidth / WordBits;
  localparam int unsigned Words = NumBanks * BankWords;
  localparam int unsigned ByteBits = WordBits / WordBytes;
  localparam int unsigned NumLanes = NumPorts + NumWide * NumWords;

  typedef logic [SpotBits-1:0] spot_t;
  typedef logic [DataWidth/8+$bits(addr_t):0] access_t;

  logic conflict;
  logic [NumPorts-1:0] log_gnt, log_r_valid;
  word_rsp_t log_rsp[NumPorts];
  logic [NumWide-1:0] wide_gnt, wide_r_valid, wide_r_err;
  logic [DataWidth-1:0] wide_r_data[NumWide];

  pulp_tcdm_interconnect #(
      .NumPorts (NumPorts),
      .NumWide  (NumWide),
      .PortWidth(PortWidth),
      .NumBanks (NumBanks),
      .BankWords(BankWords),
      .Base     (Base)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .cfg_i,
      .cfg_set_i,
      .conflict_o    (conflict),
      .log_req_i,
      .log_gnt_o     (log_gnt),
      .log_access_i,
      .log_r_valid_o (log_r_valid),
      .log_rsp_o     (log_rsp),
      .wide_req_i,
      .wide_gnt_o    (wide_gnt),
      .wide_add_i,
      .wide_wen_i,
      .wide_be_i,
      .wide_data_i,
      .wide_r_valid_o(wide_r_valid),
      .wide_r_data_o (wide_r_data),
      .wide_r_err_o  (wide_r_err)
  );

  proof_reset u_reset (.*);
  proof_config u_config (.*);

  // The followed word never changes its place.
  logic  follows_q = 1'b0;
  spot_t spot_q;
  addr_t spot_address;

  always_ff @(posedge clk_i) begin
    follows_q <= 1'b1;
    spot_q    <= spot_i;
  end

  always_comb begin
    FollowsOneWord : assume (!follows_q || spot_i == spot_q);
  end

  assign spot_address = Base + addr_t'(spot_i) * addr_t'(WordBytes);

  // The words that initiators access in this cycle: those of the narrow ports, then those of the wide ones.
  logic [NumLanes-1:0] at_spot, reads;
  lanes_t be[NumLanes];
  word_t data[NumLanes], answer[NumLanes];
  logic [NumWide-1:0] outside;

  function automatic logic beyond(addr_t add, int unsigned word);
    logic [$bits(addr_t):0] place, first, last;
    place = (($bits(addr_t) + 1)'(add) & ~($bits(addr_t) + 1)'(WordBytes - 1)) + ($bits(addr_t) + 1)'(word * WordBytes);
    first = ($bits(addr_t) + 1)'(Base);
    last = first + ($bits(addr_t) + 1)'((Words - 1) * WordBytes);
    beyond = place < first || place > last;
  endfunction

  always_comb begin
    outside = '0;
    for (int unsigned p = 0; p < NumPorts; p++) begin
      at_spot[p] = log_req_i[p] && log_gnt[p] && log_access_i[p].add / WordBytes == spot_address / WordBytes;
      reads[p] = log_access_i[p].wen;
      be[p] = log_access_i[p].be;
      data[p] = log_access_i[p].data;
      answer[p] = log_rsp[p].data;
    end
    for (int unsigned w = 0; w < NumWide; w++) begin
      for (int unsigned i = 0; i < NumWords; i++) begin
        if (wide_be_i[w][i*WordBytes+:WordBytes] != '0 && beyond(wide_add_i[w], i)) outside[w] = 1'b1;
      end
      for (int unsigned i = 0; i < NumWords; i++) begin
        at_spot[NumPorts+w*NumWords+i] = wide_req_i[w] && wide_gnt[w] && !outside[w]
            && wide_add_i[w] / WordBytes + addr_t'(i) == spot_address / WordBytes;
        reads[NumPorts+w*NumWords+i] = wide_wen_i[w];
        be[NumPorts+w*NumWords+i] = wide_be_i[w][i*WordBytes+:WordBytes];
        data[NumPorts+w*NumWords+i] = wide_data_i[w][i*WordBits+:WordBits];
        answer[NumPorts+w*NumWords+i] = wide_r_data[w][i*WordBits+:WordBits];
      end
    end
  end

  // What was last written there, and the reads that are answered in this cycle.
  word_t stored_q, due_q, due_mask_q, mask_q, stored_d, mask_d;
  logic [NumLanes-1:0] due_lanes_q;

  always_comb begin
    stored_d = stored_q;
    mask_d   = mask_q;
    for (int unsigned l = 0; l < NumLanes; l++) begin
      for (int unsigned b = 0; b < WordBytes; b++) begin
        if (at_spot[l] && !reads[l] && be[l][b]) begin
          stored_d[b*ByteBits+:ByteBits] = data[l][b*ByteBits+:ByteBits];
          mask_d[b*ByteBits+:ByteBits]   = '1;
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      mask_q      <= '0;
      due_lanes_q <= '0;
    end else begin
      mask_q <= mask_d;
      for (int unsigned l = 0; l < NumLanes; l++) due_lanes_q[l] <= at_spot[l] && reads[l] && be[l] != '0;
    end
  end

  always_ff @(posedge clk_i) begin
    stored_q   <= stored_d;
    due_q      <= stored_q;
    due_mask_q <= mask_q;
  end

  for (genvar s = 0; s < Words; s++) begin : gen_word
    always_comb begin
      if (rst_ni) begin
        InvMemoryHoldsWhatWasWritten :
        assert (spot_i != spot_t'(s) || (u_dut.u_tcdm.mem_q[s/NumBanks][s%NumBanks] & mask_q) == (stored_q & mask_q));
      end
    end
  end

  for (genvar l = 0; l < NumLanes; l++) begin : gen_lane
    always_comb begin
      if (rst_ni) begin
        ReadReturnsWhatWasWritten : assert (!due_lanes_q[l] || (answer[l] & due_mask_q) == (due_q & due_mask_q));
      end
    end
  end

  // Without this no order between accesses to one address would be defined.
  logic [NumLanes-1:0] users;

  always_comb begin
    for (int unsigned l = 0; l < NumLanes; l++) users[l] = at_spot[l] && be[l] != '0;
    if (rst_ni) begin
      OneAccessToAWordAtATime : assert ((users & (users - 1'b1)) == '0);
    end
  end

endmodule

`default_nettype wire
