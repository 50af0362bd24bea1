// SPDX-License-Identifier: SHL-0.51
// One unit's side of the peripheral bus: decodes transfers, answers each in the next cycle, with the id of who asked.
// The unit decides in the cycle of the transfer: by refuse_i that it has no register at offset_o or cannot do what is
// asked, else it reads read_data_i, or is written when write_o.
// A register takes merge(old) = (old & ~mask_o) | data_o; data_o is 0 where mask_o is. A write that enables no byte and
// an access at a misaligned address are none; the latter is answered with an error.
`default_nettype none

module pulp_reg_port
  import pulp_cluster_pkg::*;
#(
    parameter int unsigned OffsetBits = 8  // of an address, those that are decoded
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         req_i,
    output logic                         gnt_o,
    input  periph_req_t                  access_i,
    output logic                         r_valid_o,
    output periph_rsp_t                  rsp_o,
    output logic                         write_o,
    output logic        [OffsetBits-1:0] offset_o,
    output word_t                        mask_o,
    output word_t                        data_o,
    input  logic                         refuse_i,
    input  word_t                        read_data_i
);

  localparam int unsigned ByteBits = WordBits / WordBytes;

  typedef logic [$clog2(WordBytes)-1:0] lane_t;

  logic aligned, read, err;

  assign gnt_o = 1'b1;
  assign offset_o = OffsetBits'(access_i.add);
  assign aligned = lane_t'(access_i.add) == '0;
  assign write_o = req_i & aligned & ~access_i.wen & (access_i.be != '0);
  assign data_o = access_i.data & mask_o;
  assign read = access_i.wen & ~err;
  assign err = ~aligned | refuse_i;

  always_comb begin
    for (int unsigned b = 0; b < WordBytes; b++) mask_o[b*ByteBits+:ByteBits] = {ByteBits{access_i.be[b]}};
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      r_valid_o <= 1'b0;
      rsp_o <= '0;
    end else begin
      r_valid_o <= req_i;
      if (req_i) rsp_o <= '{data: read ? read_data_i : '0, id: access_i.id, err: err};
    end
  end

  // The bits above the decoded ones select the unit.
  (* maybe_unused *)
  logic unused_address;
  assign unused_address = ^access_i.add;

`ifndef SYNTHESIS
  // Every transfer gets one answer, in the next cycle, and nothing else is answered.
  OneAnswerInTheNextCycle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) 1'b1 |=> r_valid_o == $past(req_i & gnt_o));

  // The answer goes to the one who asked.
  AnswerEchoesTheId :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i |=> rsp_o.id == $past(access_i.id));
`endif

endmodule

`default_nettype wire
