// SPDX-License-Identifier: SHL-0.51
// A PULP cluster around RedMulE, with traffic ports in the place of its cores. Wiring only.
//   cores' traffic, DMA -> logarithmic branch \
//                                              arbiter -> banks of the TCDM          L2 <-> DMA
//   accelerators        -> wide branch        /
// One host at the peripheral bus programs all of it (map: pulp_periph_bus). The lowest lines of event_o are those of
// accelerator 0, one a core, then those of the others, then those of the DMA; an event goes to the core that asked.
// L2 and the traffic are for simulation, all else can be synthesized.
`default_nettype none

module pulp_cluster_stub
  import pulp_cluster_pkg::*;
#(
    // cluster
    parameter int unsigned NumAccelerators = 1,
    parameter int unsigned NumCores = 8,
    parameter int unsigned NumDma = 2,
    parameter int unsigned NumBanks = 16,
    parameter int unsigned BankWords = 2048,
    parameter int unsigned L2Bytes = 4 << 20,
    parameter int unsigned RegionWords = 256,
    parameter int unsigned DmaQueueDepth = 4,
    parameter int unsigned DmaFifoBeats = 64,
    parameter addr_t TcdmBase = 32'h1000_0000,
    parameter addr_t L2Base = 32'h1C00_0000,
    // accelerators
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned PipeRegs = 3,
    parameter int unsigned PortWidth = 256,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned IdWidth = 4,
    parameter int unsigned RowGroups = 4,
    parameter bit Transposes = 1'b1,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WAhead = 6,
    localparam int unsigned NumEvents = (NumAccelerators + 1) * NumCores
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // host
    input  logic                 reg_req_i,
    output logic                 reg_gnt_o,
    input  logic [         31:0] reg_add_i,
    input  logic                 reg_wen_i,
    input  logic [          3:0] reg_be_i,
    input  logic [         31:0] reg_data_i,
    input  logic [  IdWidth-1:0] reg_id_i,
    output logic                 reg_r_valid_o,
    output logic [         31:0] reg_r_data_o,
    output logic [  IdWidth-1:0] reg_r_id_o,
    output logic                 reg_r_err_o,
    output logic [NumEvents-1:0] event_o
);

  localparam int unsigned NumPorts = NumCores + NumDma;
  localparam int unsigned NumTargets = NumAccelerators + 2 + NumCores;
  localparam int unsigned ArbiterTarget = NumAccelerators;
  localparam int unsigned DmaTarget = NumAccelerators + 1;
  localparam int unsigned FirstTraffic = NumAccelerators + 2;
  localparam int unsigned DataWidth = PortWidth + WordBits;
  localparam int unsigned L2Width = NumDma * WordBits;

  // -------------------------------------------------------------------------------------------- peripheral bus
  periph_req_t host_access;
  periph_rsp_t host_rsp;
  logic [NumTargets-1:0] target_req, target_gnt, target_r_valid;
  periph_rsp_t target_rsp[NumTargets];

  assign host_access  = '{add: reg_add_i, wen: reg_wen_i, be: reg_be_i, data: reg_data_i, id: id_t'(reg_id_i)};
  assign reg_r_data_o = host_rsp.data;
  assign reg_r_id_o   = host_rsp.id[IdWidth-1:0];
  assign reg_r_err_o  = host_rsp.err;

  pulp_periph_bus #(
      .NumAccelerators(NumAccelerators),
      .NumCores(NumCores)
  ) u_periph_bus (
      .clk_i,
      .rst_ni,
      .req_i(reg_req_i),
      .gnt_o(reg_gnt_o),
      .access_i(host_access),
      .r_valid_o(reg_r_valid_o),
      .rsp_o(host_rsp),
      .target_req_o(target_req),
      .target_gnt_i(target_gnt),
      .target_r_valid_i(target_r_valid),
      .target_rsp_i(target_rsp)
  );

  // -------------------------------------------------------------------------------------------- TCDM
  arbiter_cfg_t cfg;
  logic cfg_set, conflict;
  logic [NumPorts-1:0] log_req, log_gnt, log_r_valid;
  word_req_t log_access[NumPorts];
  word_rsp_t log_rsp[NumPorts];
  logic [NumAccelerators-1:0] wide_req, wide_gnt, wide_wen, wide_r_valid, wide_r_err;
  addr_t wide_add[NumAccelerators];
  logic [DataWidth/8-1:0] wide_be[NumAccelerators];
  logic [DataWidth-1:0] wide_data[NumAccelerators], wide_r_data[NumAccelerators];

  pulp_tcdm_interconnect #(
      .NumPorts (NumPorts),
      .NumWide  (NumAccelerators),
      .PortWidth(PortWidth),
      .NumBanks (NumBanks),
      .BankWords(BankWords),
      .Base     (TcdmBase)
  ) u_interconnect (
      .clk_i,
      .rst_ni,
      .cfg_i(cfg),
      .cfg_set_i(cfg_set),
      .conflict_o(conflict),
      .log_req_i(log_req),
      .log_gnt_o(log_gnt),
      .log_access_i(log_access),
      .log_r_valid_o(log_r_valid),
      .log_rsp_o(log_rsp),
      .wide_req_i(wide_req),
      .wide_gnt_o(wide_gnt),
      .wide_add_i(wide_add),
      .wide_wen_i(wide_wen),
      .wide_be_i(wide_be),
      .wide_data_i(wide_data),
      .wide_r_valid_o(wide_r_valid),
      .wide_r_data_o(wide_r_data),
      .wide_r_err_o(wide_r_err)
  );

  pulp_arbiter_regs #(
      .NumPorts(NumPorts),
      .NumWide (NumAccelerators)
  ) u_arbiter_regs (
      .clk_i,
      .rst_ni,
      .req_i(target_req[ArbiterTarget]),
      .gnt_o(target_gnt[ArbiterTarget]),
      .access_i(host_access),
      .r_valid_o(target_r_valid[ArbiterTarget]),
      .rsp_o(target_rsp[ArbiterTarget]),
      .cfg_o(cfg),
      .cfg_set_o(cfg_set),
      .conflict_i(conflict),
      .wide_wait_i(wide_req & ~wide_gnt),
      .log_wait_i(log_req & ~log_gnt)
  );

  // -------------------------------------------------------------------------------------------- accelerators
  for (genvar a = 0; a < NumAccelerators; a++) begin : gen_accelerator
    logic [IdWidth-1:0] r_id;

    redmule_top #(
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
        .WAhead(WAhead)
    ) u_accelerator (
        .clk_i,
        .rst_ni,
        .mem_req_o(wide_req[a]),
        .mem_gnt_i(wide_gnt[a]),
        .mem_add_o(wide_add[a]),
        .mem_wen_o(wide_wen[a]),
        .mem_be_o(wide_be[a]),
        .mem_data_o(wide_data[a]),
        .mem_r_valid_i(wide_r_valid[a]),
        .mem_r_data_i(wide_r_data[a]),
        .mem_r_err_i(wide_r_err[a]),
        .reg_req_i(target_req[a]),
        .reg_gnt_o(target_gnt[a]),
        .reg_add_i(host_access.add),
        .reg_wen_i(host_access.wen),
        .reg_be_i(host_access.be),
        .reg_data_i(host_access.data),
        .reg_id_i(host_access.id[IdWidth-1:0]),
        .reg_r_valid_o(target_r_valid[a]),
        .reg_r_data_o(target_rsp[a].data),
        .reg_r_id_o(r_id),
        .reg_r_err_o(target_rsp[a].err),
        .event_o(event_o[a*NumCores+:NumCores])
    );

    assign target_rsp[a].id = id_t'(r_id);
  end

  // -------------------------------------------------------------------------------------------- cores
  for (genvar c = 0; c < NumCores; c++) begin : gen_core
    pulp_traffic #(
        .NumBanks(NumBanks),
        .RegionWords(RegionWords)
    ) u_traffic (
        .clk_i,
        .rst_ni,
        .req_i(target_req[FirstTraffic+c]),
        .gnt_o(target_gnt[FirstTraffic+c]),
        .access_i(host_access),
        .r_valid_o(target_r_valid[FirstTraffic+c]),
        .rsp_o(target_rsp[FirstTraffic+c]),
        .tcdm_req_o(log_req[c]),
        .tcdm_gnt_i(log_gnt[c]),
        .tcdm_access_o(log_access[c]),
        .tcdm_r_valid_i(log_r_valid[c]),
        .tcdm_rsp_i(log_rsp[c])
    );
  end

  // -------------------------------------------------------------------------------------------- DMA and L2
  logic [9:0] l2_latency;
  logic [7:0] l2_interval;
  logic l2_req, l2_gnt, l2_wen, l2_r_valid, l2_r_err;
  addr_t l2_addr;
  logic [L2Width/8-1:0] l2_be;
  logic [L2Width-1:0] l2_wdata, l2_rdata;
  word_req_t dma_access[NumDma];
  word_rsp_t dma_rsp[NumDma];

  for (genvar d = 0; d < NumDma; d++) begin : gen_dma_port
    assign log_access[NumCores+d] = dma_access[d];
    assign dma_rsp[d] = log_rsp[NumCores+d];
  end

  pulp_dma #(
      .NumDma(NumDma),
      .NumCores(NumCores),
      .QueueDepth(DmaQueueDepth),
      .FifoBeats(DmaFifoBeats)
  ) u_dma (
      .clk_i,
      .rst_ni,
      .req_i(target_req[DmaTarget]),
      .gnt_o(target_gnt[DmaTarget]),
      .access_i(host_access),
      .r_valid_o(target_r_valid[DmaTarget]),
      .rsp_o(target_rsp[DmaTarget]),
      .event_o(event_o[NumAccelerators*NumCores+:NumCores]),
      .tcdm_req_o(log_req[NumCores+:NumDma]),
      .tcdm_gnt_i(log_gnt[NumCores+:NumDma]),
      .tcdm_access_o(dma_access),
      .tcdm_r_valid_i(log_r_valid[NumCores+:NumDma]),
      .tcdm_rsp_i(dma_rsp),
      .l2_latency_o(l2_latency),
      .l2_interval_o(l2_interval),
      .l2_req_o(l2_req),
      .l2_gnt_i(l2_gnt),
      .l2_addr_o(l2_addr),
      .l2_wen_o(l2_wen),
      .l2_be_o(l2_be),
      .l2_wdata_o(l2_wdata),
      .l2_r_valid_i(l2_r_valid),
      .l2_rdata_i(l2_rdata),
      .l2_r_err_i(l2_r_err)
  );

  pulp_l2 #(
      .Bytes(L2Bytes),
      .BusBytes(L2Width / 8),
      .Base(L2Base),
      .LatencyBits($bits(l2_latency)),
      .IntervalBits($bits(l2_interval))
  ) u_l2 (
      .clk_i,
      .rst_ni,
      .latency_i(l2_latency),
      .interval_i(l2_interval),
      .req_i(l2_req),
      .gnt_o(l2_gnt),
      .addr_i(l2_addr),
      .wen_i(l2_wen),
      .be_i(l2_be),
      .wdata_i(l2_wdata),
      .r_valid_o(l2_r_valid),
      .rdata_o(l2_rdata),
      .r_err_o(l2_r_err)
  );

endmodule

`default_nettype wire
