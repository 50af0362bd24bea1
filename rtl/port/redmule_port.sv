// SPDX-License-Identifier: SHL-0.51
// The memory port: takes one beat a cycle from the four streams, asks the memory for it from a register (so that req
// depends on no gnt and a waiting request holds), and gives every response, in order, the place its beat was asked for.
//   Latency: taken in cycle c, on the port from c+1, answered at the earliest in c+2.
//   clear_i: nothing is taken in that cycle; what is on the port or outstanding is finished and its responses dropped.
//            The streams wait until idle_o before they ask again, or their responses would be dropped as well.
//   idle_o:  nothing on the port, nothing outstanding.
`default_nettype none

module redmule_port
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter  int unsigned PortWidth = 256,
    localparam int unsigned DataWidth = PortWidth + 32
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      clear_i,
    // streams, indexed by stream_e
    input  logic    [ NumStreams-1:0] valid_i,
    output logic    [ NumStreams-1:0] ready_o,
    input  access_t                   access_i      [NumStreams],
    input  place_t                    place_i       [NumStreams],
    input  lead_t                     lead_i        [NumStreams],
    input  logic    [  PortWidth-1:0] z_payload_i,
    // memory
    output logic                      mem_req_o,
    input  logic                      mem_gnt_i,
    output addr_t                     mem_add_o,
    output logic                      mem_wen_o,
    output logic    [DataWidth/8-1:0] mem_be_o,
    output logic    [  DataWidth-1:0] mem_data_o,
    input  logic                      mem_r_valid_i,
    input  logic    [  DataWidth-1:0] mem_r_data_i,
    input  logic                      mem_r_err_i,
    // responses
    output logic    [ NumStreams-1:0] beat_valid_o,
    output access_t                   beat_access_o,
    output place_t                    beat_place_o,
    output logic    [  PortWidth-1:0] beat_payload_o,
    output logic                      bus_error_o,
    output logic                      transfer_o,
    output logic                      idle_o
);

  localparam int unsigned MaxOutstanding = 8;
  localparam int unsigned CountWidth = $clog2(MaxOutstanding + 1);
  localparam int unsigned WordBits = 2;  // a word is 2**2 bytes
  localparam int unsigned BitOfByte = $clog2(ByteBits);

  typedef logic [WordBits-1:0] offset_t;
  typedef struct packed {
    stream_e stream;
    access_t access;
    place_t place;
  } tag_t;

  logic pick_valid, take, oldest_valid;
  logic [CountWidth-1:0] outstanding;
  stream_e pick;
  tag_t pick_tag, oldest;
  offset_t pick_offset, oldest_offset;
  elems_t pick_bytes;
  logic [DataWidth-1:0] z_data;

  // Picking: the port register must be free, and the queue of outstanding beats must have a place.
  redmule_arbiter u_arbiter (
      .valid_i,
      .lead_i,
      .valid_o (pick_valid),
      .stream_o(pick)
  );

  assign take = pick_valid & ~clear_i & (~mem_req_o | mem_gnt_i) & (outstanding != CountWidth'(MaxOutstanding));
  assign pick_tag = '{stream: pick, access : access_i[pick], place: place_i[pick]};
  assign pick_offset = offset_t'(pick_tag.access.addr);
  assign pick_bytes = elems_t'(bytes_of(addr_t'(pick_tag.access.elems), pick_tag.access.format));
  assign z_data = DataWidth'(z_payload_i) << {offset_t'(access_i[StreamZ].addr), BitOfByte'(0)};

  always_comb begin
    ready_o = '0;
    ready_o[pick] = take;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) mem_req_o <= 1'b0;
    else mem_req_o <= take | (mem_req_o & ~mem_gnt_i);
  end

  // A row that begins inside a word:   word | b3 b2 b1 b0 |  offset 2: the first element is in b2
  always_ff @(posedge clk_i) begin
    if (take) begin
      mem_add_o <= {pick_tag.access.addr[$bits(addr_t)-1:WordBits], offset_t'(0)};
      mem_wen_o <= pick != StreamZ;
      mem_be_o  <= ~('1 << pick_bytes) << pick_offset;
      if (pick == StreamZ) mem_data_o <= z_data;
    end
  end

  // Responses come in the order of the requests; after clear_i those still to come belong to nobody.
  redmule_fifo #(
      .Depth (MaxOutstanding),
      .data_t(tag_t)
  ) u_outstanding (
      .clk_i,
      .rst_ni,
      .clear_i(1'b0),
      .push_i (take),
      .data_i (pick_tag),
      .pop_i  (mem_r_valid_i & oldest_valid),
      .valid_o(oldest_valid),
      .data_o (oldest),
      .count_o(outstanding)
  );

  logic drop_d, drop_q, answered;

  assign drop_d = (drop_q | clear_i) & oldest_valid;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) drop_q <= 1'b0;
    else drop_q <= drop_d;
  end

  assign oldest_offset = offset_t'(oldest.access.addr);
  assign answered = mem_r_valid_i & oldest_valid & ~drop_q;
  assign beat_access_o = oldest.access;
  assign beat_place_o = oldest.place;
  assign beat_payload_o = PortWidth'(mem_r_data_i >> {oldest_offset, BitOfByte'(0)});
  assign bus_error_o = answered & mem_r_err_i;
  assign transfer_o = mem_req_o & mem_gnt_i;
  assign idle_o = ~oldest_valid;

  always_comb begin
    beat_valid_o = '0;
    beat_valid_o[oldest.stream] = answered;
  end

`ifndef SYNTHESIS
  // The port has a word more than its payload, so a beat fits at every alignment.
  BeatFitsThePort :
  assert property (@(posedge clk_i) disable iff (!rst_ni) take |-> pick_bytes <= elems_t'(PortWidth / ByteBits));
  // The memory answers only what was asked for.
  ResponseWasAskedFor :
  assert property (@(posedge clk_i) disable iff (!rst_ni) mem_r_valid_i |-> oldest_valid);
`endif

endmodule

`default_nettype wire
