// SPDX-License-Identifier: SHL-0.51
// The registers of a traffic generator (rtl/regs/pulp_traffic.rdl): its settings and its counters.
//   seed_set_o, base_set_o: SEED or BASE was written in the cycle before; seed_o or base_o shows the new value.
//   granted_i, waits_i, wrong_i: a request is granted, one waits, an answer is wrong in this cycle.
`default_nettype none

module pulp_traffic_regs
  import pulp_cluster_pkg::*;
  import pulp_traffic_regs_pkg::*;
#(
    parameter int unsigned IndexBits = 8  // of a word in the region
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        req_i,
    output logic                        gnt_o,
    input  periph_req_t                 access_i,
    output logic                        r_valid_o,
    output periph_rsp_t                 rsp_o,
    output logic                        enable_o,
    output pattern_e                    pattern_o,
    output logic        [          8:0] rate_o,      // of 256
    output logic        [          7:0] share_o,     // of 256
    output logic        [IndexBits-1:0] stride_o,    // words
    output logic        [IndexBits-1:0] bank_o,
    output word_t                       seed_o,
    output logic                        seed_set_o,
    output addr_t                       base_o,
    output logic                        base_set_o,
    input  logic                        granted_i,
    input  logic                        waits_i,
    input  logic                        wrong_i
);

  localparam int unsigned OffsetBits = 6;  // generators stand at 64 bytes from each other
  localparam int unsigned LaneBits = $clog2(WordBytes);

  logic write, refuse;
  logic [OffsetBits-1:0] place;
  offset_e offset;
  word_t mask, data, read_data, merged, errors_q, grants_q, waits_q, worst;
  enable_reg_t enable_q;
  pattern_reg_t pattern_q;
  rate_reg_t rate_q;
  writes_reg_t writes_q;
  stride_reg_t stride_q;
  bank_reg_t bank_q;
  seed_reg_t seed_q;
  base_reg_t base_q;

  pulp_reg_port #(
      .OffsetBits(OffsetBits)
  ) u_port (
      .clk_i,
      .rst_ni,
      .req_i,
      .gnt_o,
      .access_i,
      .r_valid_o,
      .rsp_o,
      .write_o    (write),
      .offset_o   (place),
      .mask_o     (mask),
      .data_o     (data),
      .refuse_i   (refuse),
      .read_data_i(read_data)
  );

  assign offset = offset_e'(place);
  assign enable_o = enable_q.on;
  assign pattern_o = pattern_e'(pattern_q.pattern);
  assign rate_o = rate_q.rate;
  assign share_o = writes_q.share;
  assign stride_o = IndexBits'(stride_q.words);
  assign bank_o = IndexBits'(bank_q.index);
  assign seed_o = seed_q.seed;
  assign base_o = {base_q.addr[$bits(addr_t)-1:LaneBits], LaneBits'(0)};

  // What a register holds; bits without meaning are 0.
  always_comb begin
    refuse = 1'b0;
    read_data = '0;
    unique case (offset)
      RegEnable: read_data = enable_q;
      RegPattern: read_data = pattern_q;
      RegRate: read_data = rate_q;
      RegWrites: read_data = writes_q;
      RegStride: read_data = stride_q;
      RegBank: read_data = bank_q;
      RegSeed: read_data = seed_q;
      RegBase: read_data = base_q;
      RegErrors: read_data = errors_q;
      RegGrants: read_data = grants_q;
      RegWaits: read_data = waits_q;
      RegWorst: read_data = worst;
      default: refuse = 1'b1;
    endcase
  end

  assign merged = (read_data & ~mask) | data;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      enable_q <= '0;
      pattern_q <= '0;
      rate_q <= '0;
      writes_q <= '0;
      stride_q <= StrideReset;
      bank_q <= '0;
      seed_q <= '0;
      base_q <= '0;
      seed_set_o <= 1'b0;
      base_set_o <= 1'b0;
    end else begin
      seed_set_o <= write && offset == RegSeed;
      base_set_o <= write && offset == RegBase;
      if (write) begin
        unique case (offset)
          RegEnable: enable_q <= merged & EnableFields;
          RegPattern: pattern_q <= merged & PatternFields;
          RegRate: rate_q <= merged & RateFields;
          RegWrites: writes_q <= merged & WritesFields;
          RegStride: stride_q <= merged & StrideFields;
          RegBank: bank_q <= merged & BankFields;
          RegSeed: seed_q <= merged;
          RegBase: base_q <= merged;
          default: ;  // counters: below
        endcase
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      errors_q <= '0;
      grants_q <= '0;
      waits_q  <= '0;
    end else begin
      errors_q <= write && offset == RegErrors ? '0 : errors_q + word_t'(wrong_i);
      grants_q <= write && offset == RegGrants ? '0 : grants_q + word_t'(granted_i);
      waits_q  <= write && offset == RegWaits ? '0 : waits_q + word_t'(waits_i);
    end
  end

  pulp_worst_wait u_worst (
      .clk_i,
      .rst_ni,
      .clear_i (write && offset == RegWorst),
      .counts_i(1'b1),
      .waits_i,
      .worst_o (worst)
  );

`ifndef SYNTHESIS
  // A request that waits is not granted in the same cycle.
  WaitingIsNotGranted :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !(granted_i && waits_i));

  // A setting changes by a write alone; the pulse of the region comes with its new begin.
  RegionMovesByWritesAlone :
  assert property (@(posedge clk_i) disable iff (!rst_ni) 1'b1 |=> base_set_o || $stable(base_o));
`endif

endmodule

`default_nettype wire
