// SPDX-License-Identifier: SHL-0.51
// The engine between the agents of its ports.
`default_nettype none

module gather_top #(
    parameter bit Mistaken = 1'b0
) (
    input  logic rst_ni,
    output logic reg_done_o,
    output logic event_o
);

  logic clk;
  logic mem_req, mem_gnt, mem_wen, mem_r_valid, mem_r_err;
  logic [31:0] mem_add, mem_data, mem_r_data, reg_add, reg_data, reg_r_data;
  logic [3:0] mem_be, reg_be, reg_id, reg_r_id;
  logic reg_req, reg_gnt, reg_wen, reg_r_valid, reg_r_err;

  clock_source u_clock (.clk_o(clk));

  memory_agent u_memory (
      .clk_i(clk),
      .rst_ni,
      .req_i(mem_req),
      .gnt_o(mem_gnt),
      .add_i(mem_add),
      .wen_i(mem_wen),
      .be_i(mem_be),
      .data_i(mem_data),
      .r_valid_o(mem_r_valid),
      .r_data_o(mem_r_data),
      .r_err_o(mem_r_err)
  );

  register_agent u_registers (
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

  gather #(
      .Mistaken(Mistaken)
  ) u_dut (
      .clk_i(clk),
      .rst_ni,
      .mem_req_o(mem_req),
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
      .event_o
  );

endmodule

`default_nettype wire
