// SPDX-License-Identifier: SHL-0.51
// Watches a memory port (all ports are inputs): the rules of its initiator, a log of the transfers for the test, and
// whether each byte may be accessed. A transfer happens in a cycle with req and gnt; it gets one answer, in order, in the
// next cycle or later. The test finds it by the path of the instance (memory_agent.py).
`default_nettype none

module memory_monitor #(
    parameter int unsigned AddrWidth = 32,
    parameter int unsigned DataWidth = 32
) (
    input logic                   clk_i,
    input logic                   rst_ni,
    input logic                   req_i,
    input logic                   gnt_i,
    input logic [  AddrWidth-1:0] add_i,
    input logic                   wen_i,      // 1 = read
    input logic [DataWidth/8-1:0] be_i,
    input logic [  DataWidth-1:0] data_i,
    input logic                   r_valid_i,
    input logic                   r_err_i
);

  localparam int unsigned WordLanes = 4;
  localparam int unsigned NumWords = DataWidth / (8 * WordLanes);

  import "DPI-C" function chandle memory_monitor_new(input string scope);
  import "DPI-C" function void memory_monitor_reset(input chandle monitor);
  import "DPI-C" function void memory_monitor_request(
    input chandle monitor,
    input int granted
  );
  import "DPI-C" function void memory_monitor_transfer(
    input chandle monitor,
    input longint unsigned cycle,
    input longint unsigned address,
    input int read
  );
  import "DPI-C" function void memory_monitor_word(
    input chandle monitor,
    input int number,
    input int lanes
  );
  import "DPI-C" function void memory_monitor_answer(
    input chandle monitor,
    input longint unsigned cycle,
    input int error
  );

  if (DataWidth % (8 * WordLanes) != 0) begin : gen_bad_width
    $error("DataWidth is %0d; it must be a multiple of %0d", DataWidth, 8 * WordLanes);
  end

  chandle monitor;
  longint unsigned cycle_q;

  initial begin
    monitor = memory_monitor_new($sformatf("%m"));
    cycle_q = '0;
  end

  // An answer belongs to a transfer of an earlier cycle.
  always @(posedge clk_i) begin
    cycle_q <= cycle_q + 1;
    if (!rst_ni) begin
      memory_monitor_reset(monitor);
    end else begin
      if (r_valid_i) memory_monitor_answer(monitor, cycle_q, 32'(r_err_i));
      if (req_i) memory_monitor_request(monitor, 32'(gnt_i));
      if (req_i && gnt_i) begin
        memory_monitor_transfer(monitor, cycle_q, 64'(add_i), 32'(wen_i));
        for (int unsigned w = 0; w < NumWords; w++) begin
          memory_monitor_word(monitor, w, 32'(be_i[w*WordLanes+:WordLanes]));
        end
      end
    end
  end

  pulp_port_checks #(
      .DataWidth(DataWidth),
      .NextCycle(1'b0)
  ) u_checks (
      .clk_i,
      .rst_ni,
      .req_i,
      .gnt_i,
      .add_i(32'(add_i)),
      .wen_i,
      .be_i,
      .data_i,
      .r_valid_i
  );

endmodule

`default_nettype wire
