// SPDX-License-Identifier: SHL-0.51
// Watches a register port (all ports are inputs): the rules of both its sides, and a log of the accesses for the test. An
// access is answered in the cycle after its grant. The test finds it by the path of the instance (register_agent.py).
`default_nettype none

module register_monitor #(
    parameter int unsigned IdWidth = 4
) (
    input logic               clk_i,
    input logic               rst_ni,
    input logic               req_i,
    input logic               gnt_i,
    input logic [       31:0] add_i,
    input logic               wen_i,      // 1 = read
    input logic [        3:0] be_i,
    input logic [       31:0] data_i,
    input logic [IdWidth-1:0] id_i,
    input logic               r_valid_i,
    input logic [       31:0] r_data_i,
    input logic [IdWidth-1:0] r_id_i,
    input logic               r_err_i
);

  import "DPI-C" function chandle register_monitor_new(input string scope);
  import "DPI-C" function void register_monitor_reset(input chandle monitor);
  import "DPI-C" function void register_monitor_grant(
    input chandle monitor,
    input longint unsigned cycle,
    input int unsigned address,
    input int unsigned data,
    input int unsigned be,
    input int unsigned id,
    input int write
  );
  import "DPI-C" function void register_monitor_answer(
    input chandle monitor,
    input int unsigned data,
    input int error
  );

  chandle monitor;
  longint unsigned cycle_q;

  initial begin
    monitor = register_monitor_new($sformatf("%m"));
    cycle_q = '0;
  end

  // The answer in a cycle is that to the access granted before.
  always @(posedge clk_i) begin
    cycle_q <= cycle_q + 1;
    if (!rst_ni) begin
      register_monitor_reset(monitor);
    end else begin
      if (r_valid_i) register_monitor_answer(monitor, r_data_i, 32'(r_err_i));
      if (req_i && gnt_i) begin
        register_monitor_grant(monitor, cycle_q, add_i, data_i, 32'(be_i), 32'(id_i), 32'(!wen_i));
      end
    end
  end

  redmule_reg_checks #(
      .IdWidth(IdWidth)
  ) u_checks (
      .clk_i,
      .rst_ni,
      .req_i,
      .gnt_i,
      .add_i,
      .wen_i,
      .be_i,
      .data_i,
      .id_i,
      .r_valid_i,
      .r_id_i
  );

endmodule

`default_nettype wire
