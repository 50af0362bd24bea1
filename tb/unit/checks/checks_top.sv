// SPDX-License-Identifier: SHL-0.51
// The assertion modules alone: plays a file of vectors into them, one a cycle after a reset, and ends.
//   +stimulus=FILE  hexadecimal, one line a cycle; the fields are those of vector_t, the first in the highest bits
`default_nettype none

module checks_top;

  localparam int unsigned PortWidth = 64;
  localparam int unsigned DataWidth = PortWidth + 32;
  localparam int unsigned MostVectors = 16;
  localparam int unsigned HalfPeriod = 5;

  typedef struct packed {
    logic rst_n;
    logic req;
    logic gnt;
    logic [31:0] add;
    logic wen;
    logic [DataWidth/8-1:0] be;
    logic [DataWidth-1:0] data;
    logic r_valid;
    logic reg_req;
    logic reg_gnt;
    logic [31:0] reg_data;
    logic [3:0] reg_id;
    logic reg_r_valid;
    logic [3:0] reg_r_id;
    logic job_valid;
    logic clear;
    logic [7:0] events;
  } vector_t;

  logic clk;
  vector_t vector;
  vector_t played[MostVectors];
  string file;

  initial begin
    clk = 1'b0;
    forever #(HalfPeriod) clk = ~clk;
  end

  initial begin
    vector = '0;
    for (int unsigned v = 0; v < MostVectors; v++) played[v] = '0;
    if ($value$plusargs("stimulus=%s", file) == 0) $fatal(1, "no +stimulus");
    $readmemh(file, played);
    for (int unsigned v = 0; v < MostVectors; v++) begin
      @(posedge clk);
      vector <= played[v];
    end
    @(posedge clk);
    $finish;
  end

  redmule_port_checks #(
      .PortWidth(PortWidth)
  ) u_port_checks (
      .clk_i(clk),
      .rst_ni(vector.rst_n),
      .req_i(vector.req),
      .gnt_i(vector.gnt),
      .add_i(vector.add),
      .wen_i(vector.wen),
      .be_i(vector.be),
      .data_i(vector.data),
      .r_valid_i(vector.r_valid)
  );

  redmule_reg_checks u_reg_checks (
      .clk_i(clk),
      .rst_ni(vector.rst_n),
      .req_i(vector.reg_req),
      .gnt_i(vector.reg_gnt),
      .add_i('0),
      .wen_i(1'b0),
      .be_i('1),
      .data_i(vector.reg_data),
      .id_i(vector.reg_id),
      .r_valid_i(vector.reg_r_valid),
      .r_id_i(vector.reg_r_id)
  );

  redmule_job_checks u_job_checks (
      .clk_i(clk),
      .rst_ni(vector.rst_n),
      .req_i(vector.req),
      .gnt_i(vector.gnt),
      .wen_i(vector.wen),
      .r_valid_i(vector.r_valid),
      .job_valid_i(vector.job_valid),
      .clear_i(vector.clear),
      .event_i(vector.events)
  );

endmodule

`default_nettype wire
