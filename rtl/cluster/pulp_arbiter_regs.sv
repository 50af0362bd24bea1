// SPDX-License-Identifier: SHL-0.51
// The registers of the arbiter between the branches (rtl/regs/pulp_arbiter.rdl): its configuration, and counters of what
// the branches wait for each other.
//   cfg_set_o: CONFIG is written in this cycle; cfg_o changes with the next one.
//   wide_wait_i, log_wait_i: req & ~gnt of each initiator.
`default_nettype none

module pulp_arbiter_regs
  import pulp_cluster_pkg::*;
  import pulp_arbiter_regs_pkg::*;
#(
    parameter int unsigned NumWide  = 1,
    parameter int unsigned NumPorts = 10
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        req_i,
    output logic                        gnt_o,
    input  periph_req_t                 access_i,
    output logic                        r_valid_o,
    output periph_rsp_t                 rsp_o,
    output arbiter_cfg_t                cfg_o,
    output logic                        cfg_set_o,
    input  logic                        conflict_i,
    input  logic         [ NumWide-1:0] wide_wait_i,
    input  logic         [NumPorts-1:0] log_wait_i
);

  logic write, refuse, clear_conflicts, clear_wide, clear_log;
  logic [$bits(offset_e)-1:0] place;
  offset_e offset;
  word_t mask, data, read_data, conflicts_q, worst_wide, worst_log;
  config_reg_t config_q;

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
  assign cfg_o  = '{wide_first: config_q.wide_first, num: config_q.num, den: config_q.den};

  always_comb begin
    refuse = 1'b0;
    read_data = '0;
    cfg_set_o = 1'b0;
    clear_conflicts = 1'b0;
    clear_wide = 1'b0;
    clear_log = 1'b0;
    unique case (offset)
      RegConfig: begin
        read_data = config_q;
        cfg_set_o = write;
      end
      RegConflicts: begin
        read_data = conflicts_q;
        clear_conflicts = write;
      end
      RegWorstWide: begin
        read_data  = worst_wide;
        clear_wide = write;
      end
      RegWorstLog: begin
        read_data = worst_log;
        clear_log = write;
      end
      default: refuse = 1'b1;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      config_q <= ConfigReset;
      conflicts_q <= '0;
    end else begin
      if (cfg_set_o) config_q <= ((word_t'(config_q) & ~mask) | data) & ConfigFields;
      conflicts_q <= clear_conflicts ? '0 : conflicts_q + word_t'(conflict_i);
    end
  end

  pulp_worst_wait #(
      .Num(NumWide)
  ) u_worst_wide (
      .clk_i,
      .rst_ni,
      .clear_i (clear_wide),
      .counts_i(conflict_i),
      .waits_i (wide_wait_i),
      .worst_o (worst_wide)
  );

  pulp_worst_wait #(
      .Num(NumPorts)
  ) u_worst_log (
      .clk_i,
      .rst_ni,
      .clear_i (clear_log),
      .counts_i(conflict_i),
      .waits_i (log_wait_i),
      .worst_o (worst_log)
  );

`ifndef SYNTHESIS
  // The arbiter works by what CONFIG reads, and that changes by a write alone.
  ConfigChangesByWritesAlone :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !cfg_set_o |=> $stable(cfg_o));

  // In a conflict somebody waits.
  ConflictMakesSomebodyWait :
  assert property (@(posedge clk_i) disable iff (!rst_ni) conflict_i |-> wide_wait_i != '0 || log_wait_i != '0);
`endif

endmodule

`default_nettype wire
