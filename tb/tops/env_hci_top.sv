// SPDX-License-Identifier: SHL-0.51
// The accelerator in its PULP wrapper (hci_top) between the agents of both its ports, as in env_top, and the rules of
// `busy_o`.
//   late_i   answers of the memory are kept, see hci_top
//   watch_i  the rules of `busy_o` are checked; jobs are given by cores with an event line only
`default_nettype none

module env_hci_top #(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned PipeRegs = 3,
    parameter int unsigned PortWidth = 256,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned NumCores = 8,
    parameter int unsigned IdWidth = 4,
    parameter int unsigned RowGroups = 4,
    parameter bit Transposes = 1'b1,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WAhead = 6,
    parameter bit WritesAnswered = 1'b1,
    parameter bit OneHotIds = 1'b1,
    parameter bit MemoryAnswersWrites = WritesAnswered
) (
    input  logic                rst_ni,
    input  logic                late_i,
    input  logic                watch_i,
    output logic                reg_done_o,   // changes with the end of a batch of accesses
    output logic                mem_req_o,
    output logic [NumCores-1:0] event_o,
    output logic                busy_o,
    output logic                seen_busy_o,  // since it is watched
    output logic                seen_idle_o,
    output logic [        31:0] owed_o,       // transfers without an answer
    output logic [        31:0] held_o        // see hci_top
);

  localparam int unsigned DataWidth = PortWidth + 32;

  logic clk;
  logic mem_gnt, mem_wen, mem_r_valid, mem_r_err;
  logic [31:0] mem_add;
  logic [DataWidth/8-1:0] mem_be;
  logic [DataWidth-1:0] mem_data, mem_r_data;
  logic reg_req, reg_gnt, reg_wen, reg_r_valid, reg_r_err;
  logic [31:0] reg_add, reg_data, reg_r_data;
  logic [3:0] reg_be;
  logic [IdWidth-1:0] reg_id, reg_r_id;

  clock_source u_clock (.clk_o(clk));

  memory_agent #(
      .DataWidth(DataWidth)
  ) u_memory (
      .clk_i(clk),
      .rst_ni,
      .req_i(mem_req_o),
      .gnt_o(mem_gnt),
      .add_i(mem_add),
      .wen_i(mem_wen),
      .be_i(mem_be),
      .data_i(mem_data),
      .r_valid_o(mem_r_valid),
      .r_data_o(mem_r_data),
      .r_err_o(mem_r_err)
  );

  register_agent #(
      .IdWidth(IdWidth)
  ) u_registers (
      .clk_i(clk),
      .rst_ni,
      .req_o(reg_req),
      .gnt_i(reg_gnt),
      .add_o(reg_add),
      .wen_o(reg_wen),
      .be_o(reg_be),
      .data_o(reg_data),
      .id_o(reg_id),
      .r_valid_i(reg_r_valid),
      .r_data_i(reg_r_data),
      .r_id_i(reg_r_id),
      .r_err_i(reg_r_err),
      .done_o(reg_done_o)
  );

  hci_top #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .PortWidth(PortWidth),
      .NumContexts(NumContexts),
      .NumCores(NumCores),
      .IdWidth(IdWidth),
      .RowGroups(RowGroups),
      .Transposes(Transposes),
      .XChunks(XChunks),
      .WAhead(WAhead),
      .WritesAnswered(WritesAnswered),
      .OneHotIds(OneHotIds),
      .MemoryAnswersWrites(MemoryAnswersWrites)
  ) u_dut (
      .clk_i(clk),
      .rst_ni,
      .mem_req_o,
      .mem_gnt_i(mem_gnt),
      .mem_add_o(mem_add),
      .mem_wen_o(mem_wen),
      .mem_be_o(mem_be),
      .mem_data_o(mem_data),
      .mem_r_valid_i(mem_r_valid),
      .mem_r_data_i(mem_r_data),
      .mem_r_err_i(mem_r_err),
      .reg_req_i(reg_req),
      .reg_gnt_o(reg_gnt),
      .reg_add_i(reg_add),
      .reg_wen_i(reg_wen),
      .reg_be_i(reg_be),
      .reg_data_i(reg_data),
      .reg_id_i(reg_id),
      .reg_r_valid_o(reg_r_valid),
      .reg_r_data_o(reg_r_data),
      .reg_r_id_o(reg_r_id),
      .reg_r_err_o(reg_r_err),
      .event_o,
      .late_i,
      .evt_o(),
      .busy_o,
      .held_o
  );

  hci_busy_checks #(
      .NumCores(NumCores),
      .WritesAnswered(WritesAnswered)
  ) u_busy_checks (
      .clk_i(clk),
      .rst_ni,
      .watch_i,
      .busy_i(busy_o),
      .event_i(event_o),
      .mem_req_i(mem_req_o),
      .mem_gnt_i(mem_gnt),
      .mem_wen_i(mem_wen),
      .mem_r_valid_i(mem_r_valid),
      .reg_req_i(reg_req),
      .reg_gnt_i(reg_gnt),
      .reg_add_i(reg_add),
      .reg_wen_i(reg_wen),
      .reg_data_i(reg_data),
      .seen_busy_o,
      .seen_idle_o,
      .owed_o
  );

endmodule

`default_nettype wire
