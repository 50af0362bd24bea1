// SPDX-License-Identifier: SHL-0.51
// pulp_dma and pulp_l2 with flat ports; lane 0 of the TCDM in the lowest bits. join_i connects the two: then the ports
// l2_* only show what goes on between them, and the ports mem_* of the memory rest.
`default_nettype none

module dma_top
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned NumDma     = 2,
    parameter  int unsigned NumCores   = 4,
    parameter  int unsigned QueueDepth = 4,
    parameter  int unsigned FifoBeats  = 64,
    parameter  int unsigned L2Bytes    = 4096,
    parameter  addr_t       L2Base     = 32'h1C00_0000,
    localparam int unsigned BusBytes   = NumDma * WordBytes,
    localparam int unsigned BusBits    = NumDma * WordBits
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   join_i,
    // registers
    input  logic                   reg_req_i,
    output logic                   reg_gnt_o,
    input  addr_t                  reg_add_i,
    input  logic                   reg_wen_i,
    input  lanes_t                 reg_be_i,
    input  word_t                  reg_data_i,
    input  id_t                    reg_id_i,
    output logic                   reg_r_valid_o,
    output word_t                  reg_r_data_o,
    output id_t                    reg_r_id_o,
    output logic                   reg_r_err_o,
    output logic   [ NumCores-1:0] event_o,
    // TCDM side of the DMA
    output logic   [   NumDma-1:0] tcdm_req_o,
    input  logic   [   NumDma-1:0] tcdm_gnt_i,
    output logic   [NumDma*32-1:0] tcdm_add_o,
    output logic   [   NumDma-1:0] tcdm_wen_o,
    output logic   [ BusBytes-1:0] tcdm_be_o,
    output logic   [  BusBits-1:0] tcdm_data_o,
    input  logic   [   NumDma-1:0] tcdm_r_valid_i,
    input  logic   [  BusBits-1:0] tcdm_r_data_i,
    input  logic   [   NumDma-1:0] tcdm_r_err_i,
    // L2 side of the DMA
    output logic   [          9:0] l2_latency_o,
    output logic   [          7:0] l2_interval_o,
    output logic                   l2_req_o,
    input  logic                   l2_gnt_i,
    output addr_t                  l2_add_o,
    output logic                   l2_wen_o,
    output logic   [ BusBytes-1:0] l2_be_o,
    output logic   [  BusBits-1:0] l2_data_o,
    input  logic                   l2_r_valid_i,
    input  logic   [  BusBits-1:0] l2_r_data_i,
    input  logic                   l2_r_err_i,
    // the memory
    input  logic                   mem_req_i,
    output logic                   mem_gnt_o,
    input  addr_t                  mem_add_i,
    input  logic                   mem_wen_i,
    input  logic   [ BusBytes-1:0] mem_be_i,
    input  logic   [  BusBits-1:0] mem_data_i,
    input  logic   [          9:0] mem_latency_i,
    input  logic   [          7:0] mem_interval_i,
    output logic                   mem_r_valid_o,
    output logic   [  BusBits-1:0] mem_r_data_o,
    output logic                   mem_r_err_o
);

  periph_req_t reg_access;
  periph_rsp_t reg_rsp;
  word_req_t tcdm_access[NumDma];
  word_rsp_t tcdm_rsp[NumDma];
  logic l2_gnt, l2_r_valid;

  assign reg_access = '{add: reg_add_i, wen: reg_wen_i, be: reg_be_i, data: reg_data_i, id: reg_id_i};
  assign reg_r_data_o = reg_rsp.data;
  assign reg_r_id_o = reg_rsp.id;
  assign reg_r_err_o = reg_rsp.err;
  assign l2_gnt = join_i ? mem_gnt_o : l2_gnt_i;
  assign l2_r_valid = join_i ? mem_r_valid_o : l2_r_valid_i;

  pulp_dma #(
      .NumDma(NumDma),
      .NumCores(NumCores),
      .QueueDepth(QueueDepth),
      .FifoBeats(FifoBeats)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .req_i(reg_req_i),
      .gnt_o(reg_gnt_o),
      .access_i(reg_access),
      .r_valid_o(reg_r_valid_o),
      .rsp_o(reg_rsp),
      .event_o,
      .tcdm_req_o,
      .tcdm_gnt_i,
      .tcdm_access_o(tcdm_access),
      .tcdm_r_valid_i,
      .tcdm_rsp_i(tcdm_rsp),
      .l2_latency_o,
      .l2_interval_o,
      .l2_req_o,
      .l2_gnt_i(l2_gnt),
      .l2_addr_o(l2_add_o),
      .l2_wen_o,
      .l2_be_o,
      .l2_wdata_o(l2_data_o),
      .l2_r_valid_i(l2_r_valid),
      .l2_rdata_i(join_i ? mem_r_data_o : l2_r_data_i),
      .l2_r_err_i(join_i ? mem_r_err_o : l2_r_err_i)
  );

  pulp_l2 #(
      .Bytes(L2Bytes),
      .BusBytes(BusBytes),
      .Base(L2Base)
  ) u_l2 (
      .clk_i,
      .rst_ni,
      .latency_i(join_i ? l2_latency_o : mem_latency_i),
      .interval_i(join_i ? l2_interval_o : mem_interval_i),
      .req_i(join_i ? l2_req_o : mem_req_i),
      .gnt_o(mem_gnt_o),
      .addr_i(join_i ? l2_add_o : mem_add_i),
      .wen_i(join_i ? l2_wen_o : mem_wen_i),
      .be_i(join_i ? l2_be_o : mem_be_i),
      .wdata_i(join_i ? l2_data_o : mem_data_i),
      .r_valid_o(mem_r_valid_o),
      .rdata_o(mem_r_data_o),
      .r_err_o(mem_r_err_o)
  );

  for (genvar l = 0; l < NumDma; l++) begin : gen_lane
    assign tcdm_add_o[l*32+:32] = tcdm_access[l].add;
    assign tcdm_wen_o[l] = tcdm_access[l].wen;
    assign tcdm_be_o[l*WordBytes+:WordBytes] = tcdm_access[l].be;
    assign tcdm_data_o[l*WordBits+:WordBits] = tcdm_access[l].data;
    assign tcdm_rsp[l] = '{data: tcdm_r_data_i[l*WordBits+:WordBits], err: tcdm_r_err_i[l]};

    pulp_port_checks #(
        .NextCycle(1'b0)
    ) u_checks (
        .clk_i,
        .rst_ni,
        .req_i(tcdm_req_o[l]),
        .gnt_i(tcdm_gnt_i[l]),
        .add_i(tcdm_access[l].add),
        .wen_i(tcdm_access[l].wen),
        .be_i(tcdm_access[l].be),
        .data_i(tcdm_access[l].data),
        .r_valid_i(tcdm_r_valid_i[l])
    );
  end

endmodule

`default_nettype wire
