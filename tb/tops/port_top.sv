// SPDX-License-Identifier: SHL-0.51
// redmule_port with its streams as flat ports, the first of stream_e in the lowest bits; an access and a place are packed
// as in redmule_pkg.
`default_nettype none

module port_top
  import redmule_pkg::*;
#(
    parameter  int unsigned PortWidth  = 256,
    localparam int unsigned DataWidth  = PortWidth + 32,
    localparam int unsigned AccessBits = $bits(access_t),
    localparam int unsigned PlaceBits  = $bits(place_t),
    localparam int unsigned LeadBits   = $bits(lead_t)
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    input  logic                              clear_i,
    input  logic  [           NumStreams-1:0] valid_i,
    output logic  [           NumStreams-1:0] ready_o,
    input  logic  [NumStreams*AccessBits-1:0] accesses_i,
    input  logic  [ NumStreams*PlaceBits-1:0] places_i,
    input  logic  [  NumStreams*LeadBits-1:0] leads_i,
    input  logic  [            PortWidth-1:0] z_payload_i,
    output logic                              mem_req_o,
    input  logic                              mem_gnt_i,
    output addr_t                             mem_add_o,
    output logic                              mem_wen_o,
    output logic  [          DataWidth/8-1:0] mem_be_o,
    output logic  [            DataWidth-1:0] mem_data_o,
    input  logic                              mem_r_valid_i,
    input  logic  [            DataWidth-1:0] mem_r_data_i,
    input  logic                              mem_r_err_i,
    output logic  [           NumStreams-1:0] beat_valid_o,
    output logic  [           AccessBits-1:0] beat_access_o,
    output logic  [            PlaceBits-1:0] beat_place_o,
    output logic  [            PortWidth-1:0] beat_payload_o,
    output logic                              bus_error_o,
    output logic                              transfer_o,
    output logic                              idle_o
);

  access_t access[NumStreams];
  place_t  place [NumStreams];
  lead_t   lead  [NumStreams];

  always_comb begin
    for (int unsigned s = 0; s < NumStreams; s++) begin
      access[s] = access_t'(accesses_i[s*AccessBits+:AccessBits]);
      place[s]  = place_t'(places_i[s*PlaceBits+:PlaceBits]);
      lead[s]   = leads_i[s*LeadBits+:LeadBits];
    end
  end

  redmule_port #(
      .PortWidth(PortWidth)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .clear_i,
      .valid_i,
      .ready_o,
      .access_i(access),
      .place_i (place),
      .lead_i  (lead),
      .z_payload_i,
      .mem_req_o,
      .mem_gnt_i,
      .mem_add_o,
      .mem_wen_o,
      .mem_be_o,
      .mem_data_o,
      .mem_r_valid_i,
      .mem_r_data_i,
      .mem_r_err_i,
      .beat_valid_o,
      .beat_access_o,
      .beat_place_o,
      .beat_payload_o,
      .bus_error_o,
      .transfer_o,
      .idle_o
  );

endmodule

`default_nettype wire
