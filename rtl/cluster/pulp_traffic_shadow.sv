// SPDX-License-Identifier: SHL-0.51
// What a traffic generator knows of its region: every byte it wrote. In the cycle of a grant it takes over what is written,
// or remembers what a read must return; the answer, in the next cycle, is checked against that.
//   forget_i: nothing is known any more, from the next cycle on.
`default_nettype none

module pulp_traffic_shadow
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned RegionWords = 256,
    localparam int unsigned IndexBits   = $clog2(RegionWords)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      forget_i,
    input  logic                      granted_i,
    input  logic      [IndexBits-1:0] index_i,
    input  logic                      wen_i,
    input  lanes_t                    be_i,
    input  word_t                     data_i,
    input  logic                      r_valid_i,
    input  word_rsp_t                 rsp_i,
    output logic                      wrong_o     // the answer is an error or not what was written
);

  localparam int unsigned ByteBits = WordBits / WordBytes;

  word_t value_q[RegionWords];
  lanes_t known_q[RegionWords];
  word_t expected_q;
  lanes_t expected_lanes_q, differs;
  logic write;

  assign write = granted_i & ~wen_i;

  always_comb begin
    for (int unsigned b = 0; b < WordBytes; b++) begin
      differs[b] = rsp_i.data[b*ByteBits+:ByteBits] != expected_q[b*ByteBits+:ByteBits];
    end
  end

  assign wrong_o = r_valid_i && (rsp_i.err || (differs & expected_lanes_q) != '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) known_q <= '{default: '0};
    else if (forget_i) known_q <= '{default: '0};
    else if (write) known_q[index_i] <= known_q[index_i] | be_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) expected_lanes_q <= '0;
    else if (granted_i && wen_i) expected_lanes_q <= known_q[index_i];
    else expected_lanes_q <= '0;
  end

  always_ff @(posedge clk_i) begin
    if (granted_i && wen_i) expected_q <= value_q[index_i];
    for (int unsigned b = 0; b < WordBytes; b++) begin
      if (write && be_i[b]) value_q[index_i][b*ByteBits+:ByteBits] <= data_i[b*ByteBits+:ByteBits];
    end
  end

`ifndef SYNTHESIS
  // Nothing is expected of an answer that is none of a read.
  OnlyReadsAreCompared :
  assert property (@(posedge clk_i) disable iff (!rst_ni) expected_lanes_q != '0 |-> $past(granted_i && wen_i));
`endif

endmodule

`default_nettype wire
