// SPDX-License-Identifier: SHL-0.51
// Random bits for a traffic generator: 64 new ones in each cycle with step_i. set_i starts the sequence of seed_i; after
// reset it is that of seed 0. Any seed will do.
`default_nettype none

module pulp_traffic_random
  import pulp_cluster_pkg::*;
(
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic         set_i,
    input  word_t        seed_i,
    input  logic         step_i,
    output logic  [63:0] random_o
);

  // A multiplication by an odd number near 2^32 / golden ratio keeps the sequences of neighbouring seeds apart.
  localparam word_t Spread = 32'h9E37_79B1;
  // One of the triples of shifts with which no state but 0 is ever left out of the cycle.
  localparam int unsigned ShiftA = 13;
  localparam int unsigned ShiftB = 7;
  localparam int unsigned ShiftC = 17;

  typedef logic [63:0] state_t;

  function automatic state_t start_of(word_t from);
    word_t spread;
    spread = from * Spread;
    return {~spread, spread};
  endfunction

  function automatic state_t after(state_t state);
    state_t next;
    next = state ^ (state << ShiftA);
    next ^= next >> ShiftB;
    return next ^ (next << ShiftC);
  endfunction

  state_t state_d, state_q;

  assign random_o = state_q;

  always_comb begin
    state_d = state_q;
    if (set_i) state_d = start_of(seed_i);
    else if (step_i) state_d = after(state_q);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) state_q <= start_of('0);
    else state_q <= state_d;
  end

`ifndef SYNTHESIS
  // From 0 there is no way on.
  RandomStateIsNotZero :
  assert property (@(posedge clk_i) disable iff (!rst_ni) state_q != '0);
`endif

endmodule

`default_nettype wire
