// SPDX-License-Identifier: SHL-0.51
// The memory at a memory port: grants and answers from the buffer of the test, as badly as the test says, and watches the
// port (memory_monitor, instance u_monitor). Byte 0 of the data is that at the address. A store takes effect with its
// grant; lanes that a load did not ask for are answered with poison. Grant and answer come out of flops, an answer in the
// next cycle at the earliest. The test finds it by the path of the instance (memory_agent.py).
`default_nettype none

module memory_agent #(
    parameter int unsigned AddrWidth = 32,
    parameter int unsigned DataWidth = 32
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   req_i,
    output logic                   gnt_o,
    input  logic [  AddrWidth-1:0] add_i,
    input  logic                   wen_i,      // 1 = read
    input  logic [DataWidth/8-1:0] be_i,
    input  logic [  DataWidth-1:0] data_i,
    output logic                   r_valid_o,
    output logic [  DataWidth-1:0] r_data_o,
    output logic                   r_err_o
);

  localparam int unsigned WordLanes = 4;
  localparam int unsigned WordBits = 8 * WordLanes;
  localparam int unsigned NumWords = DataWidth / WordBits;

  import "DPI-C" function chandle memory_agent_new(input string scope);
  import "DPI-C" function void memory_agent_reset(input chandle agent);
  import "DPI-C" function void memory_agent_transfer(
    input chandle agent,
    input longint unsigned cycle,
    input longint unsigned address,
    input int read
  );
  import "DPI-C" function void memory_agent_word(
    input chandle agent,
    input int number,
    input int lanes,
    input int unsigned data
  );
  import "DPI-C" function int memory_agent_step(
    input chandle agent,
    input longint unsigned cycle
  );
  import "DPI-C" function int memory_agent_answers(input chandle agent);
  import "DPI-C" function int unsigned memory_agent_answer(
    input chandle agent,
    input int number
  );

  // As in memory_agent.cpp.
  typedef struct packed {
    logic error;
    logic valid;
    logic grant;
  } status_t;

  chandle agent;
  longint unsigned cycle_q;

  initial begin
    agent = memory_agent_new($sformatf("%m"));
    cycle_q = '0;
    gnt_o = 1'b0;
    r_valid_o = 1'b0;
    r_err_o = 1'b0;
    r_data_o = '0;
  end

  // What a cycle shows is told first, then what the next one gets is asked for.
  always @(posedge clk_i) begin
    cycle_q <= cycle_q + 1;
    if (!rst_ni) begin
      memory_agent_reset(agent);
    end else if (req_i && gnt_o) begin
      memory_agent_transfer(agent, cycle_q, 64'(add_i), 32'(wen_i));
      for (int unsigned w = 0; w < NumWords; w++) begin
        memory_agent_word(agent, w, 32'(be_i[w*WordLanes+:WordLanes]), data_i[w*WordBits+:WordBits]);
      end
    end
    {r_err_o, r_valid_o, gnt_o} <= status_t'(memory_agent_step(agent, cycle_q));
    if (memory_agent_answers(agent) != 0) begin
      for (int unsigned w = 0; w < NumWords; w++) r_data_o[w*WordBits+:WordBits] <= memory_agent_answer(agent, w);
    end
  end

  memory_monitor #(
      .AddrWidth(AddrWidth),
      .DataWidth(DataWidth)
  ) u_monitor (
      .clk_i,
      .rst_ni,
      .req_i,
      .gnt_i(gnt_o),
      .add_i,
      .wen_i,
      .be_i,
      .data_i,
      .r_valid_i(r_valid_o),
      .r_err_i(r_err_o)
  );

endmodule

`default_nettype wire
