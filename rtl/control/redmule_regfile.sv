// SPDX-License-Identifier: SHL-0.51
// The register port: decodes transfers, keeps the lock and the registers of the job being written (or last written),
// and answers every transfer in the next cycle. What a transfer asks of the other modules leaves on command_o in its
// own cycle. Bytes that `be` leaves out keep their value, or count as 0 in TRIGGER and SOFT_CLEAR; a write with `be` 0
// is none at all. TRIGGER by the holder of the lock is granted only while checked_i.
`default_nettype none

module redmule_regfile
  import redmule_pkg::*;
  import redmule_regs_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter int unsigned IdWidth = 4
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     req_i,
    output logic                     gnt_o,
    input  logic       [       31:0] add_i,
    input  logic                     wen_i,                       // 1 = read
    input  logic       [        3:0] be_i,
    input  logic       [       31:0] data_i,
    input  logic       [IdWidth-1:0] id_i,
    output logic                     r_valid_o,
    output logic       [       31:0] r_data_o,
    output logic       [IdWidth-1:0] r_id_o,
    output logic                     r_err_o,
    output command_t                 command_o,
    output logic                     regs_changed_o,              // regs_o is another one from the next cycle on
    output job_regs_t                regs_o,
    input  logic                     checked_i,                   // regs_o has been checked
    input  logic                     can_acquire_i,               // a context is free and nothing drains
    input  ctx_t                     write_ctx_i,                 // the context that ACQUIRE gives
    input  info_reg_t                info_i,
    input  info2_reg_t               info2_i,
    input  status_t                  status_i,
    input  result_t                  result_i      [MaxContexts]
);

  localparam int unsigned BusBits = $bits(word_t);
  localparam int unsigned BytesPerWord = BusBits / ByteBits;
  localparam acquire_reg_t AllBusy = '1;
  localparam acquire_reg_t OtherHolds = ~acquire_reg_t'(1'b1);

  // The part of an address that is decoded.
  typedef struct packed {
    logic       beyond;  // no register there
    logic       job;     // the area of the job registers
    logic [3:0] word;    // word in the area
    logic [1:0] lane;    // byte in the word
  } byte_offset_t;

  word_t [NumJobWords-1:0] words_q;
  logic lock_d, lock_q;
  logic [IdWidth-1:0] lock_id_q;
  result_sel_reg_t sel_q;

  logic transfer, read, write, mapped, in_job_area, in_job_word, holds_lock, is_trigger, job_write;
  byte_offset_t place;
  offset_e offset;
  word_t mask, data, read_data;
  result_t result;
  status_reg_t status;
  result_flags_reg_t flags;
  sticky_reg_t sticky;
  trigger_reg_t trigger;
  soft_clear_reg_t soft_clear;

  assign place = add_i[$bits(place)-1:0];
  assign offset = offset_e'(place);
  assign mapped = !place.beyond && place.lane == '0;
  assign in_job_area = mapped && place.job;
  assign in_job_word = in_job_area && 32'(place.word) < NumJobWords;
  assign is_trigger = offset == RegTrigger;

  assign holds_lock = lock_q && lock_id_q == id_i;
  assign gnt_o = checked_i || wen_i || !is_trigger || !holds_lock;
  assign transfer = req_i & gnt_o;
  assign read = transfer & wen_i & mapped;
  assign write = transfer & ~wen_i & mapped & (be_i != '0);
  assign job_write = write && in_job_word && holds_lock;

  always_comb begin
    for (int unsigned b = 0; b < BytesPerWord; b++) mask[b*ByteBits+:ByteBits] = {ByteBits{be_i[b]}};
  end
  assign data = data_i & mask;
  assign trigger = data;
  assign soft_clear = data;

  always_comb begin
    command_o = '0;
    if (read && offset == RegAcquire) command_o.acquire = can_acquire_i & (holds_lock | ~lock_q);
    if (write) begin
      command_o.commit = is_trigger & holds_lock;
      command_o.start = command_o.commit && trigger.hold == '0;
      command_o.clear = offset == RegSoftClear;
      command_o.clear_all = command_o.clear && soft_clear.keep_queue == '0;
      command_o.clear_sticky = offset == RegSticky;
      command_o.protocol = (in_job_area | is_trigger) & ~holds_lock;
    end
  end

  assign lock_d = (lock_q | command_o.acquire) & ~command_o.commit & ~command_o.clear_all;
  assign regs_changed_o = command_o.acquire | job_write;
  assign regs_o = job_regs_t'(words_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      lock_q <= 1'b0;
      lock_id_q <= '0;
      words_q <= '0;
      sel_q <= '0;
    end else begin
      lock_q <= lock_d;
      if (command_o.acquire) begin
        lock_id_q <= id_i;
        words_q   <= '0;
      end
      if (job_write) words_q[place.word] <= (words_q[place.word] & ~mask) | data;
      if (write && offset == RegResultSel) sel_q <= (word_t'(sel_q) & ~mask) | data;
    end
  end

  always_comb begin
    status = '0;
    {status.busy3, status.busy2, status.busy1, status.busy0} = status_i.busy;
    flags = '0;
    {flags.nv, flags.of, flags.uf, flags.nx} = result.flags;
    sticky = '0;
    {sticky.nv, sticky.of, sticky.uf, sticky.nx} = status_i.flags;
    sticky.protocol = status_i.protocol;
  end

  assign result = result_i[sel_q.ctx];

  // What is not listed reads 0.
  always_comb begin
    read_data = '0;
    if (read) begin
      unique case (offset)
        RegAcquire: begin
          if (lock_q && !holds_lock) read_data = OtherHolds;
          else if (!can_acquire_i) read_data = AllBusy;
          else read_data = word_t'(write_ctx_i);
        end
        RegFinished: read_data = finished_reg_t'{count: status_i.finished, default: '0};
        RegStatus: read_data = status;
        RegRunningJob: read_data = running_job_reg_t'{ctx: status_i.running, default: '0};
        RegInfo: read_data = info_i;
        RegInfo2: read_data = info2_i;
        RegResultSel: read_data = result_sel_reg_t'{ctx: sel_q.ctx, counter: sel_q.counter, default: '0};
        RegResultError: read_data = result_error_reg_t'{error: result.error, default: '0};
        RegResultErrorAddr: read_data = result_error_addr_reg_t'{addr: result.error_addr};
        RegResultFlags: read_data = flags;
        RegResultCycles: read_data = result_cycles_reg_t'{cycles: result.cycles};
        RegResultCounter:
        if (32'(sel_q.counter) < NumCounters)
          read_data = result_counter_reg_t'{cycles: result.counters[sel_q.counter]};
        RegSticky: read_data = sticky;
        default: if (in_job_word) read_data = words_q[place.word];
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      r_valid_o <= 1'b0;
      r_data_o <= '0;
      r_id_o <= '0;
      r_err_o <= 1'b0;
    end else begin
      r_valid_o <= transfer;
      if (transfer) begin
        r_data_o <= read_data;
        r_id_o   <= id_i;
        r_err_o  <= ~mapped;
      end
    end
  end

  // The bits above the decoded ones select the accelerator, not the register.
  (* maybe_unused *)
  logic unused_address;
  assign unused_address = ^add_i;

`ifndef SYNTHESIS
  // Only the holder of the lock changes job registers.
  OnlyTheHolderWrites :
  assert property (@(posedge clk_i) disable iff (!rst_ni) job_write |-> lock_q && id_i == lock_id_q);

  // A job enters the queue only after it was checked.
  OnlyCheckedJobsCommit :
  assert property (@(posedge clk_i) disable iff (!rst_ni) command_o.commit |-> checked_i);

  // Every transfer gets one response, in the next cycle.
  EveryTransferIsAnswered :
  assert property (@(posedge clk_i) disable iff (!rst_ni) transfer |=> r_valid_o);

  // Nothing is answered that was not asked.
  NoResponseWithoutTransfer :
  assert property (@(posedge clk_i) disable iff (!rst_ni) !transfer |=> !r_valid_o);

  // TRIGGER gives the lock back.
  TriggerReleasesTheLock :
  assert property (@(posedge clk_i) disable iff (!rst_ni) command_o.commit |=> !lock_q);
`endif

endmodule

`default_nettype wire
