// SPDX-License-Identifier: SHL-0.51
// redmule_arbiter with flat ports: the lead of stream X stands in the lowest bits.
`default_nettype none

module arbiter_top
  import redmule_pkg::*;
#(
    localparam int unsigned LeadBits   = $bits(lead_t),
    localparam int unsigned StreamBits = $bits(stream_e)
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic [         NumStreams-1:0] valid_i,
    input  logic [NumStreams*LeadBits-1:0] leads_i,
    output logic                           valid_o,
    output logic [         StreamBits-1:0] stream_o
);

  lead_t lead[NumStreams];
  stream_e stream;
  assign stream_o = stream;

  always_comb begin
    for (int unsigned s = 0; s < NumStreams; s++) lead[s] = leads_i[s*LeadBits+:LeadBits];
  end

  redmule_arbiter u_dut (
      .valid_i,
      .lead_i  (lead),
      .valid_o,
      .stream_o(stream)
  );

`ifndef SYNTHESIS
  // The port is given to nobody who does not ask.
  OnlyARequesterGetsThePort :
  assert property (@(posedge clk_i) disable iff (!rst_ni) valid_o |-> valid_i[stream]);
`endif

endmodule

`default_nettype wire
