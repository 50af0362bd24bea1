// SPDX-License-Identifier: SHL-0.51
// Binds the checks to every accelerator of a simulation.
`default_nettype none

`ifndef SYNTHESIS

bind redmule_top redmule_port_checks #(
    .PortWidth(PortWidth)
) u_port_checks (
    .clk_i,
    .rst_ni,
    .req_i(mem_req_o),
    .gnt_i(mem_gnt_i),
    .add_i(mem_add_o),
    .wen_i(mem_wen_o),
    .be_i(mem_be_o),
    .data_i(mem_data_o),
    .r_valid_i(mem_r_valid_i)
);

bind redmule_top redmule_reg_checks #(
    .IdWidth(IdWidth)
) u_reg_checks (
    .clk_i,
    .rst_ni,
    .req_i(reg_req_i),
    .gnt_i(reg_gnt_o),
    .add_i(reg_add_i),
    .wen_i(reg_wen_i),
    .be_i(reg_be_i),
    .data_i(reg_data_i),
    .id_i(reg_id_i),
    .r_valid_i(reg_r_valid_o),
    .r_id_i(reg_r_id_o)
);

bind redmule_top redmule_job_checks #(
    .NumCores(NumCores)
) u_job_checks (
    .clk_i,
    .rst_ni,
    .req_i(mem_req_o),
    .gnt_i(mem_gnt_i),
    .wen_i(mem_wen_o),
    .r_valid_i(mem_r_valid_i),
    .job_valid_i(schedule.ready != '0),
    .clear_i(clear),
    .event_i(event_o)
);

`endif

`default_nettype wire
