// SPDX-License-Identifier: SHL-0.51
// pulp_traffic and pulp_arbiter_regs with flat ports; reg_arbiter_i says which of the two an access of the registers is for.
`default_nettype none

module traffic_top
  import pulp_cluster_pkg::*;
#(
    parameter int unsigned NumBanks    = 16,
    parameter int unsigned RegionWords = 256,
    parameter int unsigned NumWide     = 2,
    parameter int unsigned NumPorts    = 10
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // registers
    input  logic                  reg_req_i,
    input  logic                  reg_arbiter_i,
    output logic                  reg_gnt_o,
    input  addr_t                 reg_add_i,
    input  logic                  reg_wen_i,
    input  lanes_t                reg_be_i,
    input  word_t                 reg_data_i,
    input  id_t                   reg_id_i,
    output logic                  reg_r_valid_o,
    output word_t                 reg_r_data_o,
    output id_t                   reg_r_id_o,
    output logic                  reg_r_err_o,
    // memory of the generator
    output logic                  tcdm_req_o,
    input  logic                  tcdm_gnt_i,
    output addr_t                 tcdm_add_o,
    output logic                  tcdm_wen_o,
    output lanes_t                tcdm_be_o,
    output word_t                 tcdm_data_o,
    input  logic                  tcdm_r_valid_i,
    input  word_t                 tcdm_r_data_i,
    input  logic                  tcdm_r_err_i,
    // with the arbiter
    output logic                  wide_first_o,
    output logic   [         7:0] num_o,
    output logic   [         7:0] den_o,
    output logic                  cfg_set_o,
    input  logic                  conflict_i,
    input  logic   [ NumWide-1:0] wide_wait_i,
    input  logic   [NumPorts-1:0] log_wait_i
);

  periph_req_t reg_access;
  periph_rsp_t traffic_rsp, arbiter_rsp, rsp;
  logic traffic_gnt, arbiter_gnt, traffic_r_valid, arbiter_r_valid;
  word_req_t tcdm_access;
  arbiter_cfg_t cfg;

  assign reg_access = '{add: reg_add_i, wen: reg_wen_i, be: reg_be_i, data: reg_data_i, id: reg_id_i};
  assign reg_gnt_o = reg_arbiter_i ? arbiter_gnt : traffic_gnt;
  assign reg_r_valid_o = traffic_r_valid | arbiter_r_valid;
  assign rsp = arbiter_r_valid ? arbiter_rsp : traffic_rsp;
  assign reg_r_data_o = rsp.data;
  assign reg_r_id_o = rsp.id;
  assign reg_r_err_o = rsp.err;
  assign tcdm_add_o = tcdm_access.add;
  assign tcdm_wen_o = tcdm_access.wen;
  assign tcdm_be_o = tcdm_access.be;
  assign tcdm_data_o = tcdm_access.data;
  assign wide_first_o = cfg.wide_first;
  assign num_o = cfg.num;
  assign den_o = cfg.den;

  pulp_traffic #(
      .NumBanks(NumBanks),
      .RegionWords(RegionWords)
  ) u_traffic (
      .clk_i,
      .rst_ni,
      .req_i(reg_req_i & ~reg_arbiter_i),
      .gnt_o(traffic_gnt),
      .access_i(reg_access),
      .r_valid_o(traffic_r_valid),
      .rsp_o(traffic_rsp),
      .tcdm_req_o,
      .tcdm_gnt_i,
      .tcdm_access_o(tcdm_access),
      .tcdm_r_valid_i,
      .tcdm_rsp_i('{data: tcdm_r_data_i, err: tcdm_r_err_i})
  );

  pulp_arbiter_regs #(
      .NumWide (NumWide),
      .NumPorts(NumPorts)
  ) u_arbiter_regs (
      .clk_i,
      .rst_ni,
      .req_i(reg_req_i & reg_arbiter_i),
      .gnt_o(arbiter_gnt),
      .access_i(reg_access),
      .r_valid_o(arbiter_r_valid),
      .rsp_o(arbiter_rsp),
      .cfg_o(cfg),
      .cfg_set_o,
      .conflict_i,
      .wide_wait_i,
      .log_wait_i
  );

  pulp_port_checks u_checks (
      .clk_i,
      .rst_ni,
      .req_i(tcdm_req_o),
      .gnt_i(tcdm_gnt_i),
      .add_i(tcdm_add_o),
      .wen_i(tcdm_wen_o),
      .be_i(tcdm_be_o),
      .data_i(tcdm_data_o),
      .r_valid_i(tcdm_r_valid_i)
  );

endmodule

`default_nettype wire
