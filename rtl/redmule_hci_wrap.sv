// SPDX-License-Identifier: SHL-0.51
// RedMulE with the signals of a PULP HWPE: an HCI initiator (tcdm_*), a peripheral target (periph_*), two events a core,
// busy. No path through it has a flop more than redmule_top.
//   WritesAnswered  1: the memory answers every granted request, in order, at the earliest in the next cycle. 0: only
//                   reads. Then writes are answered here, in their turn and never with an error, and a read whose answer
//                   comes in the cycle of such an answer waits (r_ready low). Where reads are always answered in the
//                   cycle after their grant, none waits.
//   OneHotIds       1: periph_id_i has a bit for each requester, that of core i is bit i. 0: it is the number of the core.
//   busy_o          a job is queued or runs, or the memory port is not done; docs/integration.md has its timing.
`default_nettype none

module redmule_hci_wrap
  import redmule_regs_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned PipeRegs = 3,
    parameter int unsigned PortWidth = 256,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned NumCores = 8,
    parameter int unsigned IdWidth = 8,
    parameter int unsigned RowGroups = 4,
    parameter bit Transposes = 1'b1,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WAhead = 6,
    parameter bit WritesAnswered = 1'b1,
    parameter bit OneHotIds = 1'b1,
    // of HCI: user, id, ecc and handshake ecc; a width of 0 there is one bit as well
    parameter int unsigned UserWidth = 1,
    parameter int unsigned TcdmIdWidth = 1,
    parameter int unsigned EccWidth = 1,
    parameter int unsigned HandshakeEccWidth = 1,
    localparam int unsigned NumEvents = 2,
    localparam int unsigned DataWidth = PortWidth + 32
) (
    input  logic                                        clk_i,
    input  logic                                        rst_ni,
    input  logic                                        test_mode_i,       // without use: there is no clock gate
    output logic [         NumCores-1:0][NumEvents-1:0] evt_o,             // 0: a job of this core ended; 1: never
    output logic                                        busy_o,
    // HCI initiator
    output logic                                        tcdm_req_o,
    input  logic                                        tcdm_gnt_i,
    output logic [                 31:0]                tcdm_add_o,
    output logic                                        tcdm_wen_o,        // 1 = read
    output logic [      DataWidth/8-1:0]                tcdm_be_o,
    output logic [        DataWidth-1:0]                tcdm_data_o,
    output logic [        UserWidth-1:0]                tcdm_user_o,       // 0
    output logic [      TcdmIdWidth-1:0]                tcdm_id_o,         // 0
    output logic [         EccWidth-1:0]                tcdm_ecc_o,        // 0: nothing is coded
    output logic [HandshakeEccWidth-1:0]                tcdm_ereq_o,       // copies of req
    input  logic [HandshakeEccWidth-1:0]                tcdm_egnt_i,
    output logic                                        tcdm_r_ready_o,
    input  logic                                        tcdm_r_valid_i,
    input  logic [        DataWidth-1:0]                tcdm_r_data_i,
    input  logic                                        tcdm_r_opc_i,      // 1 = error
    input  logic [        UserWidth-1:0]                tcdm_r_user_i,
    input  logic [      TcdmIdWidth-1:0]                tcdm_r_id_i,
    input  logic [         EccWidth-1:0]                tcdm_r_ecc_i,
    output logic [HandshakeEccWidth-1:0]                tcdm_r_eready_o,   // copies of r_ready
    input  logic [HandshakeEccWidth-1:0]                tcdm_r_evalid_i,
    // peripheral target
    input  logic                                        periph_req_i,
    output logic                                        periph_gnt_o,
    input  logic [                 31:0]                periph_add_i,
    input  logic                                        periph_wen_i,      // 1 = read
    input  logic [                  3:0]                periph_be_i,
    input  logic [                 31:0]                periph_data_i,
    input  logic [          IdWidth-1:0]                periph_id_i,
    output logic [                 31:0]                periph_r_data_o,
    output logic                                        periph_r_valid_o,
    output logic                                        periph_r_opc_o,    // 1 = error
    output logic [          IdWidth-1:0]                periph_r_id_o
);

  // One number more than there are bits, for the id that names nobody.
  localparam int unsigned CoreWidth = OneHotIds ? $clog2(IdWidth + 1) : IdWidth;
  // redmule_port leaves no more requests unanswered.
  localparam int unsigned MaxOutstanding = 8;
  localparam int unsigned CountWidth = $clog2(MaxOutstanding + 1);

  if (OneHotIds ? IdWidth < NumCores : IdWidth < $clog2(NumCores)) begin : gen_bad_id_width
    $error("IdWidth is %0d; with OneHotIds %0d that is too narrow for %0d cores", IdWidth, OneHotIds, NumCores);
  end

  logic mem_r_valid, mem_r_err;
  logic [DataWidth-1:0] mem_data;
  logic reg_req, reg_gnt, reg_wen, reg_r_valid;
  logic [31:0] reg_add, reg_r_data;
  logic [CoreWidth-1:0] core;
  logic [ NumCores-1:0] job_end;

  // -------------------------------------------------------------------------------------------- HCI
  logic oldest_valid, oldest_is_read, answer_write;
  logic [CountWidth-1:0] unanswered;

  redmule_fifo #(
      .Depth (MaxOutstanding),
      .data_t(logic)
  ) u_unanswered (
      .clk_i,
      .rst_ni,
      .clear_i(1'b0),
      .push_i (tcdm_req_o & tcdm_gnt_i),
      .data_i (tcdm_wen_o),
      .pop_i  (mem_r_valid),
      .valid_o(oldest_valid),
      .data_o (oldest_is_read),
      .count_o(unanswered)
  );

  assign answer_write = !WritesAnswered && oldest_valid && !oldest_is_read;
  assign mem_r_valid = answer_write | tcdm_r_valid_i;
  assign mem_r_err = ~answer_write & tcdm_r_opc_i;
  assign tcdm_r_ready_o = ~answer_write;

  // HCI wants what waits for its grant to be known and to hold, data of reads included.
  assign tcdm_data_o = tcdm_wen_o ? '0 : mem_data;
  assign tcdm_user_o = '0;
  assign tcdm_id_o = '0;
  assign tcdm_ecc_o = '0;
  assign tcdm_ereq_o = {HandshakeEccWidth{tcdm_req_o}};
  assign tcdm_r_eready_o = {HandshakeEccWidth{tcdm_r_ready_o}};

  // -------------------------------------------------------------------------------------------- peripheral target
  logic host_access, poll, host_q, poll_q;
  logic [IdWidth-1:0] id_q;

  if (OneHotIds) begin : gen_one_hot
    always_comb begin
      core = CoreWidth'(IdWidth);
      for (int unsigned i = IdWidth; i > 0; i--) if (periph_id_i[i-1]) core = CoreWidth'(i - 1);
    end
  end else begin : gen_number
    assign core = periph_id_i;
  end

  assign reg_req = periph_req_i | poll;
  assign reg_add = periph_req_i ? periph_add_i : 32'(RegStatus);
  assign reg_wen = periph_wen_i | ~periph_req_i;
  assign host_access = periph_req_i & reg_gnt;
  assign periph_gnt_o = reg_gnt;
  assign periph_r_valid_o = reg_r_valid & host_q;
  assign periph_r_data_o = reg_r_data;
  assign periph_r_id_o = id_q;

  // -------------------------------------------------------------------------------------------- busy
  // A job gets in by a write to TRIGGER only. From then on STATUS is read in cycles in which no core has an access, until
  // it says that every context is free. A write to TRIGGER that commits nothing is found out in the same way.
  logic trigger, all_free, jobs_d, jobs_q;

  assign trigger = host_access && !periph_wen_i && periph_add_i[$bits(offset_e)-1:0] == RegTrigger;
  assign poll = jobs_q & ~periph_req_i;
  assign all_free = poll_q && reg_r_data == '0;
  assign jobs_d = trigger | (jobs_q & ~all_free);
  assign busy_o = jobs_q | tcdm_req_o | (unanswered != '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      host_q <= 1'b0;
      poll_q <= 1'b0;
      jobs_q <= 1'b0;
      id_q   <= '0;
    end else begin
      host_q <= host_access;
      poll_q <= poll;
      jobs_q <= jobs_d;
      if (host_access) id_q <= periph_id_i;
    end
  end

  always_comb begin
    for (int unsigned c = 0; c < NumCores; c++) evt_o[c] = NumEvents'(job_end[c]);
  end

  logic [CoreWidth-1:0] unused_r_id;

  redmule_top #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .PortWidth(PortWidth),
      .NumContexts(NumContexts),
      .NumCores(NumCores),
      .IdWidth(CoreWidth),
      .RowGroups(RowGroups),
      .Transposes(Transposes),
      .XChunks(XChunks),
      .WAhead(WAhead)
  ) u_redmule (
      .clk_i,
      .rst_ni,
      .mem_req_o(tcdm_req_o),
      .mem_gnt_i(tcdm_gnt_i),
      .mem_add_o(tcdm_add_o),
      .mem_wen_o(tcdm_wen_o),
      .mem_be_o(tcdm_be_o),
      .mem_data_o(mem_data),
      .mem_r_valid_i(mem_r_valid),
      .mem_r_data_i(tcdm_r_data_i),
      .mem_r_err_i(mem_r_err),
      .reg_req_i(reg_req),
      .reg_gnt_o(reg_gnt),
      .reg_add_i(reg_add),
      .reg_wen_i(reg_wen),
      .reg_be_i(periph_be_i),
      .reg_data_i(periph_data_i),
      .reg_id_i(core),
      .reg_r_valid_o(reg_r_valid),
      .reg_r_data_o(reg_r_data),
      .reg_r_id_o(unused_r_id),
      .reg_r_err_o(periph_r_opc_o),
      .event_o(job_end)
  );

  // What HCI has beside, and RedMulE does not need.
  (* maybe_unused *)
  logic unused_hci;
  assign unused_hci = ^{test_mode_i, tcdm_egnt_i, tcdm_r_user_i, tcdm_r_id_i, tcdm_r_ecc_i, tcdm_r_evalid_i};

`ifndef SYNTHESIS
  if (!WritesAnswered) begin : gen_reads
    logic [CountWidth-1:0] reads_d, reads_q;
    assign reads_d = reads_q + CountWidth'(tcdm_req_o && tcdm_gnt_i && tcdm_wen_o) -
                     CountWidth'(tcdm_r_valid_i && tcdm_r_ready_o);
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) reads_q <= '0;
      else reads_q <= reads_d;
    end

    // A memory that answers writes as well is one for WritesAnswered = 1.
    OnlyReadsAreAnswered :
    assert property (@(posedge clk_i) disable iff (!rst_ni) tcdm_r_valid_i |-> reads_q != '0);

    // An answer that is not taken stays.
    WaitingAnswerHolds :
    assert property (@(posedge clk_i) disable iff (!rst_ni) tcdm_r_valid_i && !tcdm_r_ready_o |=>
        tcdm_r_valid_i && $stable(
        {tcdm_r_data_i, tcdm_r_opc_i}
    ));
  end

  // A read of STATUS waits for nothing, so it is never withdrawn for a core.
  StatusIsReadAtOnce :
  assert property (@(posedge clk_i) disable iff (!rst_ni) poll |-> reg_gnt);

  // Whoever has an event has had a job, so it is busy.
  EventsOnlyWhileBusy :
  assert property (@(posedge clk_i) disable iff (!rst_ni) job_end != '0 |-> busy_o && jobs_q);
`endif

endmodule

`default_nettype wire
