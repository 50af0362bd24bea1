// SPDX-License-Identifier: SHL-0.51
// The requester at a register port: plays the accesses that the test gives it, one at a time, and watches the port
// (register_monitor, instance u_monitor). Requests come out of flops; one without a gap rises in the cycle after the
// grant before it. done_o changes when all accesses of a batch have been answered. The test finds it by the path of the
// instance (register_agent.py).
`default_nettype none

module register_agent #(
    parameter int unsigned IdWidth = 4
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    output logic               req_o,
    input  logic               gnt_i,
    output logic [       31:0] add_o,
    output logic               wen_o,      // 1 = read
    output logic [        3:0] be_o,
    output logic [       31:0] data_o,
    output logic [IdWidth-1:0] id_o,
    input  logic               r_valid_i,
    input  logic [       31:0] r_data_i,
    input  logic [IdWidth-1:0] r_id_i,
    input  logic               r_err_i,
    output logic               done_o
);

  // As in register_agent.cpp.
  typedef enum int {
    FieldAddress = 0,
    FieldData = 1,
    FieldBe = 2,
    FieldId = 3,
    FieldWrite = 4
  } field_e;

  typedef struct packed {
    logic done;
    logic asks;
  } status_t;

  import "DPI-C" function chandle register_agent_new(input string scope);
  import "DPI-C" function void register_agent_reset(input chandle agent);
  import "DPI-C" function void register_agent_answer(
    input chandle agent,
    input int unsigned data,
    input int unsigned id,
    input int error
  );
  import "DPI-C" function int register_agent_step(
    input chandle agent,
    input longint unsigned cycle,
    input int granted
  );
  import "DPI-C" function int register_agent_asks(input chandle agent);
  import "DPI-C" function int unsigned register_agent_field(
    input chandle agent,
    input int field
  );

  chandle agent;
  longint unsigned cycle_q;

  initial begin
    agent = register_agent_new($sformatf("%m"));
    cycle_q = '0;
    req_o = 1'b0;
    done_o = 1'b0;
    add_o = '0;
    wen_o = 1'b0;
    be_o = '0;
    data_o = '0;
    id_o = '0;
  end

  // What a cycle shows is told first, then what the next one gets is asked for.
  always @(posedge clk_i) begin
    cycle_q <= cycle_q + 1;
    if (!rst_ni) register_agent_reset(agent);
    else if (r_valid_i) register_agent_answer(agent, r_data_i, 32'(r_id_i), 32'(r_err_i));
    {done_o, req_o} <= status_t'(register_agent_step(agent, cycle_q, 32'(gnt_i)));
    if (register_agent_asks(agent) != 0) begin
      add_o  <= register_agent_field(agent, FieldAddress);
      data_o <= register_agent_field(agent, FieldData);
      be_o   <= 4'(register_agent_field(agent, FieldBe));
      id_o   <= IdWidth'(register_agent_field(agent, FieldId));
      wen_o  <= register_agent_field(agent, FieldWrite) == '0;
    end
  end

  register_monitor #(
      .IdWidth(IdWidth)
  ) u_monitor (
      .clk_i,
      .rst_ni,
      .req_i (req_o),
      .gnt_i,
      .add_i (add_o),
      .wen_i (wen_o),
      .be_i  (be_o),
      .data_i(data_o),
      .id_i  (id_o),
      .r_valid_i,
      .r_data_i,
      .r_id_i,
      .r_err_i
  );

endmodule

`default_nettype wire
