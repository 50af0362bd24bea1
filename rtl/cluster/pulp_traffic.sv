// SPDX-License-Identifier: SHL-0.51
// A traffic generator in the place of a core (simulation only): makes accesses of one word to a region of RegionWords
// words that nobody else writes, and checks what it reads. Settings and counters: rtl/regs/pulp_traffic.rdl.
//   tcdm: a request comes from a register and waits until it is granted, whatever is written to the registers meanwhile;
//   the memory answers in the cycle after the grant.
`default_nettype none

module pulp_traffic
  import pulp_cluster_pkg::*;
  import pulp_traffic_regs_pkg::*;
#(
    parameter int unsigned NumBanks    = 16,
    parameter int unsigned RegionWords = 256
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    // peripheral bus
    input  logic        req_i,
    output logic        gnt_o,
    input  periph_req_t access_i,
    output logic        r_valid_o,
    output periph_rsp_t rsp_o,
    // memory
    output logic        tcdm_req_o,
    input  logic        tcdm_gnt_i,
    output word_req_t   tcdm_access_o,
    input  logic        tcdm_r_valid_i,
    input  word_rsp_t   tcdm_rsp_i
);

  localparam int unsigned IndexBits = $clog2(RegionWords);
  localparam int unsigned MaxIndexBits = 12;

  // How the random bits of a cycle are used; those of the data count for nothing else.
  typedef struct packed {
    word_t data;
    logic [MaxIndexBits-1:0] index;
    lanes_t be;
    logic [7:0] share;
    logic [7:0] rate;
  } random_t;
  typedef logic [IndexBits-1:0] index_t;

  if (RegionWords != 1 << IndexBits || IndexBits > MaxIndexBits || RegionWords < NumBanks) begin : gen_bad_region
    $error(
        "RegionWords is %0d; it must be a power of two, %0d at most, and no less than the banks, %0d",
        RegionWords,
        1 << MaxIndexBits,
        NumBanks
    );
  end
  if (NumBanks != 1 << $clog2(NumBanks)) begin : gen_bad_banks
    $error("NumBanks is %0d; it must be a power of two", NumBanks);
  end

  logic enable, seed_set, base_set, begins, granted, waits, wrong, is_write;
  logic [8:0] rate;
  logic [7:0] share;
  word_t seed;
  addr_t base;
  pattern_e pattern;
  random_t random;
  index_t index, index_q, stride, bank;
  logic own_q;  // the request that waits is one of the present region

  pulp_traffic_regs #(
      .IndexBits(IndexBits)
  ) u_regs (
      .clk_i,
      .rst_ni,
      .req_i,
      .gnt_o,
      .access_i,
      .r_valid_o,
      .rsp_o,
      .enable_o  (enable),
      .pattern_o (pattern),
      .rate_o    (rate),
      .share_o   (share),
      .stride_o  (stride),
      .bank_o    (bank),
      .seed_o    (seed),
      .seed_set_o(seed_set),
      .base_o    (base),
      .base_set_o(base_set),
      .granted_i (granted),
      .waits_i   (waits),
      .wrong_i   (wrong)
  );

  pulp_traffic_random u_random (
      .clk_i,
      .rst_ni,
      .set_i   (seed_set),
      .seed_i  (seed),
      .step_i  (enable),
      .random_o(random)
  );

  pulp_traffic_pattern #(
      .NumBanks   (NumBanks),
      .RegionWords(RegionWords)
  ) u_pattern (
      .clk_i,
      .rst_ni,
      .restart_i(base_set),
      .advance_i(begins),
      .pattern_i(pattern),
      .stride_i (stride),
      .bank_i   (bank),
      .base_i   (base),
      .random_i (IndexBits'(random.index)),
      .index_o  (index)
  );

  // The shadow of a region that is given up forgets; requests and seeds of that cycle are none.
  assign granted = tcdm_req_o & tcdm_gnt_i;
  assign waits = tcdm_req_o & ~tcdm_gnt_i;
  assign begins = enable && !waits && !base_set && !seed_set && $bits(rate)'(random.rate) < rate;
  assign is_write = random.share < share;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tcdm_req_o <= 1'b0;
      own_q <= 1'b0;
    end else begin
      tcdm_req_o <= begins | waits;
      own_q <= begins | (own_q & ~base_set);
    end
  end

  always_ff @(posedge clk_i) begin
    if (begins) begin
      index_q <= index;
      tcdm_access_o <= '{
          add: base + addr_t'(index) * WordBytes,
          wen: ~is_write,
          be: is_write ? random.be : '1,
          data: is_write ? random.data : '0
      };
    end
  end

  pulp_traffic_shadow #(
      .RegionWords(RegionWords)
  ) u_shadow (
      .clk_i,
      .rst_ni,
      .forget_i (base_set),
      .granted_i(granted & own_q & ~base_set),
      .index_i  (index_q),
      .wen_i    (tcdm_access_o.wen),
      .be_i     (tcdm_access_o.be),
      .data_i   (tcdm_access_o.data),
      .r_valid_i(tcdm_r_valid_i),
      .rsp_i    (tcdm_rsp_i),
      .wrong_o  (wrong)
  );

`ifndef SYNTHESIS
  // The memory answers in the cycle after the grant, and only then.
  AnswerInTheNextCycle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) 1'b1 |=> tcdm_r_valid_i == $past(granted));

  // A request that waits stays as it is.
  RequestHolds :
  assert property (@(posedge clk_i) disable iff (!rst_ni) waits |=> tcdm_req_o && $stable(tcdm_access_o));

  // A generator that is off makes no request.
  OffMeansQuiet :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !enable && !waits |=> !tcdm_req_o);
`endif

endmodule

`default_nettype wire
