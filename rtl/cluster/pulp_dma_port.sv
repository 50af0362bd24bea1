// SPDX-License-Identifier: SHL-0.51
// A memory port of the DMA: takes a beat when ready_o and asks for it from a register, so that req depends on no gnt and
// what waits holds. The bus word is split over NumLanes initiators that ask and are granted each on its own; a lane
// without an enabled byte does not ask. idle_o: nothing is asked for, nothing is unanswered.
`default_nettype none

module pulp_dma_port
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned BusBytes  = 8,
    parameter  int unsigned NumLanes  = 2,
    localparam int unsigned LaneBytes = BusBytes / NumLanes,
    localparam int unsigned BusBits   = BusBytes * 8
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // beats
    input  logic                 valid_i,
    output logic                 ready_o,
    input  addr_t                addr_i,     // of the bus word
    input  logic                 wen_i,      // 1 = read
    input  logic  [BusBytes-1:0] be_i,
    input  logic  [ BusBits-1:0] data_i,
    // memory
    output logic  [NumLanes-1:0] req_o,
    input  logic  [NumLanes-1:0] gnt_i,
    output addr_t                addr_o,     // of the bus word; lane l is at addr_o + l * LaneBytes
    output logic                 wen_o,
    output logic  [BusBytes-1:0] be_o,
    output logic  [ BusBits-1:0] data_o,
    input  logic  [NumLanes-1:0] r_valid_i,
    output logic                 idle_o
);

  logic take;
  logic [NumLanes-1:0] used, waits;
  word_t open_d, open_q;

  assign waits = req_o & ~gnt_i;
  assign ready_o = waits == '0;
  assign take = valid_i & ready_o;
  assign idle_o = open_q == '0;

  always_comb begin
    open_d = open_q;
    for (int unsigned l = 0; l < NumLanes; l++) begin
      used[l] = be_i[l*LaneBytes+:LaneBytes] != '0;
      open_d  = open_d + word_t'(take && used[l]) - word_t'(r_valid_i[l]);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      req_o  <= '0;
      open_q <= '0;
    end else begin
      req_o  <= take ? used : waits;
      open_q <= open_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      addr_o <= addr_i;
      wen_o  <= wen_i;
      be_o   <= be_i;
      if (!wen_i) data_o <= data_i;
    end
  end

`ifndef SYNTHESIS
  // A lane that waits for its grant holds its request.
  WaitingLaneHolds :
  assert property (@(posedge clk_i) disable iff (!rst_ni) waits != '0 |=> (req_o & $past(
      waits
  )) == $past(
      waits
  ) && $stable(
      {addr_o, wen_o, be_o, data_o}
  ));

  // Only what was asked for is answered.
  AnswerWasAskedFor :
  assert property (@(posedge clk_i) disable iff (!rst_ni) r_valid_i != '0 |-> !idle_o);
`endif

endmodule

`default_nettype wire
