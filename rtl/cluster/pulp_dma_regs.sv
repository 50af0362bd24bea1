// SPDX-License-Identifier: SHL-0.51
// The registers of the DMA (rtl/regs/pulp_dma.rdl). START puts what they hold on transfer_o for the cycle of start_o,
// which is withheld, and the write answered with an error, when free_i is 0.
`default_nettype none

module pulp_dma_regs
  import pulp_cluster_pkg::*;
  import pulp_dma_regs_pkg::*;
  import pulp_dma_pkg::*;
#(
    parameter int unsigned FreeBits = 3
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       req_i,
    output logic                       gnt_o,
    input  periph_req_t                access_i,
    output logic                       r_valid_o,
    output periph_rsp_t                rsp_o,
    // queue
    output logic                       start_o,
    output transfer_t                  transfer_o,
    input  logic                       busy_i,
    input  logic        [FreeBits-1:0] free_i,
    // of the transfer that runs
    input  logic                       ended_i,
    input  logic                       failed_i,    // with an error, when it ends
    // to L2
    output logic        [         9:0] latency_o,
    output logic        [         7:0] interval_o
);

  logic write, refuse;
  logic [$bits(offset_e)-1:0] place;
  offset_e offset;
  word_t mask, data, read_data, merged, done_q, errors_q;
  l2_addr_reg_t l2_addr_q;
  tcdm_addr_reg_t tcdm_addr_q;
  row_bytes_reg_t row_bytes_q;
  rows_reg_t rows_q;
  l2_stride_reg_t l2_stride_q;
  tcdm_stride_reg_t tcdm_stride_q;
  l2_cfg_reg_t l2_cfg_q;
  status_reg_t status;

  pulp_reg_port #(
      .OffsetBits($bits(offset_e))
  ) u_port (
      .clk_i,
      .rst_ni,
      .req_i,
      .gnt_o,
      .access_i,
      .r_valid_o,
      .rsp_o,
      .write_o    (write),
      .offset_o   (place),
      .mask_o     (mask),
      .data_o     (data),
      .refuse_i   (refuse),
      .read_data_i(read_data)
  );

  assign offset = offset_e'(place);
  assign status = '{busy: busy_i, free: 8'(free_i), default: '0};

  always_comb begin
    refuse = 1'b0;
    read_data = '0;
    unique case (offset)
      RegL2Addr: read_data = l2_addr_q;
      RegTcdmAddr: read_data = tcdm_addr_q;
      RegRowBytes: read_data = row_bytes_q;
      RegRows: read_data = rows_q;
      RegL2Stride: read_data = l2_stride_q;
      RegTcdmStride: read_data = tcdm_stride_q;
      RegStart: refuse = write && free_i == '0;
      RegStatus: read_data = status;
      RegDone: read_data = done_q;
      RegErrors: read_data = errors_q;
      RegL2Cfg: read_data = l2_cfg_q;
      default: refuse = 1'b1;
    endcase
  end

  assign merged = (read_data & ~mask) | data;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      l2_addr_q <= '0;
      tcdm_addr_q <= '0;
      row_bytes_q <= '0;
      rows_q <= '0;
      l2_stride_q <= '0;
      tcdm_stride_q <= '0;
      l2_cfg_q <= L2CfgReset;
    end else if (write) begin
      unique case (offset)
        RegL2Addr: l2_addr_q <= merged;
        RegTcdmAddr: tcdm_addr_q <= merged;
        RegRowBytes: row_bytes_q <= merged;
        RegRows: rows_q <= merged;
        RegL2Stride: l2_stride_q <= merged;
        RegTcdmStride: tcdm_stride_q <= merged;
        RegL2Cfg: l2_cfg_q <= merged & L2CfgFields;
        default: ;  // START acts, the others are only read
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      done_q   <= '0;
      errors_q <= '0;
    end else begin
      done_q   <= done_q + word_t'(ended_i);
      errors_q <= errors_q + word_t'(ended_i && failed_i);
    end
  end

  assign start_o = write && offset == RegStart && !refuse;
  assign transfer_o = '{
          direction: (data & StartFields) == word_t'(DirectionToTcdm) ? DirectionToTcdm : DirectionToL2,
          l2: '{addr: l2_addr_q, stride: l2_stride_q},
          tcdm: '{addr: tcdm_addr_q, stride: tcdm_stride_q},
          shape: '{row_bytes: row_bytes_q, rows: rows_q},
          id: access_i.id
      };
  assign latency_o = l2_cfg_q.latency;
  assign interval_o = l2_cfg_q.interval;

`ifndef SYNTHESIS
  // A full queue takes nothing more.
  FullQueueRefuses :
  assert property (@(posedge clk_i) disable iff (!rst_ni) free_i == '0 |-> !start_o);

  // What ends was there.
  OnlyWhatRunsEnds :
  assert property (@(posedge clk_i) disable iff (!rst_ni) ended_i |-> busy_i);
`endif

endmodule

`default_nettype wire
