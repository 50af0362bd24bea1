// SPDX-License-Identifier: SHL-0.51
// What `busy_o` of the wrapper has to be, seen from the ports of hci_top alone; all ports but the last three are inputs.
// While watch_i is 1, every write to TRIGGER must commit a job that raises an event.
//   seen_busy_o, seen_idle_o  it was that, since it is watched
//   owed_o                    granted requests without an answer
`default_nettype none

module hci_busy_checks
  import redmule_regs_pkg::*;
#(
    parameter int unsigned NumCores = 8,
    parameter bit WritesAnswered = 1'b1  // answers to writes go to the wrapper
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                watch_i,
    input  logic                busy_i,
    input  logic [NumCores-1:0] event_i,
    input  logic                mem_req_i,
    input  logic                mem_gnt_i,
    input  logic                mem_wen_i,
    input  logic                mem_r_valid_i,
    input  logic                reg_req_i,
    input  logic                reg_gnt_i,
    input  logic [        31:0] reg_add_i,
    input  logic                reg_wen_i,
    input  logic [        31:0] reg_data_i,
    output logic                seen_busy_o,
    output logic                seen_idle_o,
    output logic [        31:0] owed_o
);

  localparam int unsigned MostOwed = 32;
  // In the last of so many cycles without a reason to be busy, and without an access of a core, it is idle.
  localparam int unsigned Settles = 3;

  logic [MostOwed-1:0] reads_q;  // of the transfers without an answer, the oldest in bit 0
  logic [31:0] inside_d, inside_q, owed_d, quiet_d, quiet_q;
  logic write, load, must;

  assign write = reg_req_i & reg_gnt_i & ~reg_wen_i;
  assign load  = mem_req_i & mem_gnt_i & mem_wen_i;
  assign must  = inside_q != '0 || mem_req_i || (owed_o != '0 && (WritesAnswered || reads_q != '0));

  always_comb begin
    inside_d = inside_q - 32'($countones(event_i));
    if (write && offset_e'(reg_add_i[7:0]) == RegTrigger) inside_d = inside_d + 1;
    if (write && offset_e'(reg_add_i[7:0]) == RegSoftClear && reg_data_i == '0) inside_d = '0;
    owed_d  = owed_o + 32'(mem_req_i & mem_gnt_i) - 32'(mem_r_valid_i);
    quiet_d = must || owed_o != '0 || reg_req_i ? '0 : quiet_q + 1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reads_q <= '0;
      owed_o  <= '0;
    end else begin
      owed_o  <= owed_d;
      reads_q <= reads_q >> mem_r_valid_i | MostOwed'(load) << (owed_o - 32'(mem_r_valid_i));
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q <= '0;
      quiet_q <= '0;
      seen_busy_o <= 1'b0;
      seen_idle_o <= 1'b0;
    end else if (!watch_i) begin
      inside_q <= '0;
      quiet_q <= '0;
      seen_busy_o <= 1'b0;
      seen_idle_o <= 1'b0;
    end else begin
      inside_q <= inside_d;
      quiet_q <= quiet_d;
      seen_busy_o <= seen_busy_o | busy_i;
      seen_idle_o <= seen_idle_o | ~busy_i;
    end
  end

  // Jobs, requests and answers to come are reasons to be busy.
  BusyWhileThereIsWork :
  assert property (@(posedge clk_i) disable iff (!rst_ni) watch_i && must |-> busy_i);

  // Without one it is idle soon.
  IdleWhenAllIsDone :
  assert property (@(posedge clk_i) disable iff (!rst_ni) watch_i && quiet_d >= Settles |-> !busy_i);

endmodule

`default_nettype wire
