// SPDX-License-Identifier: SHL-0.51
// The accelerator in the cluster: one agent for all registers (env_cluster_top.u_registers), a passive one at the memory
// port of each accelerator (u_cluster.gen_accelerator[0].u_accelerator.u_port_monitor). The tests use the first one.
`default_nettype none

module env_cluster_top
  import pulp_cluster_pkg::*;
#(
    parameter int unsigned NumAccelerators = 1,
    parameter int unsigned NumDma = 2,
    parameter int unsigned NumBanks = 16,
    parameter int unsigned BankWords = 2048,
    parameter int unsigned L2Bytes = 4 << 20,
    parameter int unsigned RegionWords = 256,
    parameter int unsigned DmaQueueDepth = 4,
    parameter int unsigned DmaFifoBeats = 64,
    parameter addr_t TcdmBase = 32'h1000_0000,
    parameter addr_t L2Base = 32'h1C00_0000,
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
    parameter int unsigned WAhead = 6
) (
    input  logic                rst_ni,
    output logic                reg_done_o,  // changes with the end of a batch of accesses
    output logic                mem_req_o,
    output logic [NumCores-1:0] event_o,     // of the first accelerator
    output logic [NumCores-1:0] dma_event_o
);

  localparam int unsigned NumEvents = (NumAccelerators + 1) * NumCores;

  logic clk;
  logic [NumEvents-1:0] events;
  logic reg_req, reg_gnt, reg_wen, reg_r_valid, reg_r_err;
  logic [31:0] reg_add, reg_data, reg_r_data;
  logic [3:0] reg_be;
  logic [IdWidth-1:0] reg_id, reg_r_id;

  clock_source u_clock (.clk_o(clk));

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

  pulp_cluster_stub #(
      .NumAccelerators(NumAccelerators),
      .NumCores(NumCores),
      .NumDma(NumDma),
      .NumBanks(NumBanks),
      .BankWords(BankWords),
      .L2Bytes(L2Bytes),
      .RegionWords(RegionWords),
      .DmaQueueDepth(DmaQueueDepth),
      .DmaFifoBeats(DmaFifoBeats),
      .TcdmBase(TcdmBase),
      .L2Base(L2Base),
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .PortWidth(PortWidth),
      .NumContexts(NumContexts),
      .IdWidth(IdWidth),
      .RowGroups(RowGroups),
      .Transposes(Transposes),
      .XChunks(XChunks),
      .WAhead(WAhead)
  ) u_cluster (
      .clk_i(clk),
      .rst_ni,
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
      .event_o(events)
  );

  assign event_o = events[0+:NumCores];
  assign dma_event_o = events[NumAccelerators*NumCores+:NumCores];
  assign mem_req_o = u_cluster.gen_accelerator[0].u_accelerator.mem_req_o;

endmodule

// The memory port of every accelerator is watched.
bind redmule_top memory_monitor #(
    .DataWidth(DataWidth)
) u_port_monitor (
    .clk_i,
    .rst_ni,
    .req_i(mem_req_o),
    .gnt_i(mem_gnt_i),
    .add_i(mem_add_o),
    .wen_i(mem_wen_o),
    .be_i(mem_be_o),
    .data_i(mem_data_o),
    .r_valid_i(mem_r_valid_i),
    .r_err_i(mem_r_err_i)
);

`default_nettype wire
