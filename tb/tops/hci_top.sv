// SPDX-License-Identifier: SHL-0.51
// redmule_hci_wrap with the ports of redmule_top, so that whatever drives and judges the one can do it with the other.
// Behind mem_* stands a memory that answers every granted request. With MemoryAnswersWrites = 0 what it says to writes
// goes no further, and reads that the wrapper does not take are kept, in order; other than WritesAnswered it is a mistake.
// In idle cycles r_data and r_opc are wrong. The rules that HCI has for an initiator are asserted.
//   late_i  with MemoryAnswersWrites = 0: answers are kept, to come back to back when it falls
//   held_o  cycles since reset in which an answer had to wait; evt_o and busy_o are those of the wrapper
`default_nettype none

module hci_top #(
    parameter int unsigned NumRows = 2,
    parameter int unsigned RowLen = 2,
    parameter int unsigned PipeRegs = 1,
    parameter int unsigned PortWidth = 64,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned NumCores = 8,
    parameter int unsigned IdWidth = 4,
    parameter int unsigned RowGroups = 4,
    parameter bit Transposes = 1'b1,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WAhead = 6,
    parameter bit WritesAnswered = 1'b1,
    parameter bit OneHotIds = 1'b1,
    parameter bit MemoryAnswersWrites = WritesAnswered,
    localparam int unsigned DataWidth = PortWidth + 32
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    output logic                        mem_req_o,
    input  logic                        mem_gnt_i,
    output logic [           31:0]      mem_add_o,
    output logic                        mem_wen_o,
    output logic [DataWidth/8-1:0]      mem_be_o,
    output logic [  DataWidth-1:0]      mem_data_o,
    input  logic                        mem_r_valid_i,
    input  logic [  DataWidth-1:0]      mem_r_data_i,
    input  logic                        mem_r_err_i,
    input  logic                        reg_req_i,
    output logic                        reg_gnt_o,
    input  logic [           31:0]      reg_add_i,
    input  logic                        reg_wen_i,
    input  logic [            3:0]      reg_be_i,
    input  logic [           31:0]      reg_data_i,
    input  logic [    IdWidth-1:0]      reg_id_i,
    output logic                        reg_r_valid_o,
    output logic [           31:0]      reg_r_data_o,
    output logic [    IdWidth-1:0]      reg_r_id_o,
    output logic                        reg_r_err_o,
    output logic [   NumCores-1:0]      event_o,
    input  logic                        late_i,
    // of the wrapper
    output logic [   NumCores-1:0][1:0] evt_o,
    output logic                        busy_o,
    output logic [           31:0]      held_o
);

  localparam int unsigned PeriphIdWidth = OneHotIds ? 2 ** IdWidth - 1 : IdWidth;
  localparam int unsigned Depth = 16;
  localparam int unsigned HciWidth = 3;  // of the signals that RedMulE does not need

  typedef struct packed {
    logic [DataWidth-1:0] data;
    logic err;
  } answer_t;

  logic r_valid, r_ready;
  answer_t r;
  logic [PeriphIdWidth-1:0] id, r_id;
  logic [HciWidth-1:0] user, tcdm_id, ecc, ereq, r_eready;

  // -------------------------------------------------------------------------------------------- memory
  if (MemoryAnswersWrites) begin : gen_all
    assign r_valid = mem_r_valid_i;
    assign r = r_valid ? '{data: mem_r_data_i, err: mem_r_err_i} : '1;
  end else begin : gen_reads
    logic is_read, comes, late, waits_q, kept_valid;
    answer_t coming, kept;

    redmule_fifo #(
        .Depth (Depth),
        .data_t(logic)
    ) u_order (
        .clk_i,
        .rst_ni,
        .clear_i(1'b0),
        .push_i (mem_req_o & mem_gnt_i),
        .data_i (mem_wen_o),
        .pop_i  (mem_r_valid_i),
        .valid_o(),
        .data_o (is_read),
        .count_o()
    );

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) waits_q <= 1'b0;
      else waits_q <= r_valid & ~r_ready;
    end
    assign late   = late_i & ~waits_q;  // what was offered stays
    assign comes  = mem_r_valid_i & is_read;
    assign coming = '{data: mem_r_data_i, err: mem_r_err_i};

    redmule_fifo #(
        .Depth (Depth),
        .data_t(answer_t)
    ) u_kept (
        .clk_i,
        .rst_ni,
        .clear_i(1'b0),
        .push_i (comes & (kept_valid | late | ~r_ready)),
        .data_i (coming),
        .pop_i  (kept_valid & ~late & r_ready),
        .valid_o(kept_valid),
        .data_o (kept),
        .count_o()
    );

    assign r_valid = ~late & (kept_valid | comes);
    always_comb begin
      r = '1;
      if (r_valid) r = kept_valid ? kept : coming;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) held_o <= '0;
    else held_o <= held_o + 32'(r_valid && !r_ready);
  end

  // -------------------------------------------------------------------------------------------- ids, events
  if (OneHotIds) begin : gen_one_hot
    // The highest id has no bit.
    assign id = PeriphIdWidth'(1) << reg_id_i;
    always_comb begin
      reg_r_id_o = r_id == '0 ? '1 : '0;
      for (int unsigned i = 0; i < PeriphIdWidth; i++) if (r_id[i]) reg_r_id_o |= IdWidth'(i);
    end
  end else begin : gen_number
    assign id = reg_id_i;
    assign reg_r_id_o = r_id;
  end

  always_comb begin
    for (int unsigned c = 0; c < NumCores; c++) event_o[c] = evt_o[c][0];
  end

  redmule_hci_wrap #(
      .NumRows(NumRows),
      .RowLen(RowLen),
      .PipeRegs(PipeRegs),
      .PortWidth(PortWidth),
      .NumContexts(NumContexts),
      .NumCores(NumCores),
      .IdWidth(PeriphIdWidth),
      .RowGroups(RowGroups),
      .Transposes(Transposes),
      .XChunks(XChunks),
      .WAhead(WAhead),
      .WritesAnswered(WritesAnswered),
      .OneHotIds(OneHotIds),
      .UserWidth(HciWidth),
      .TcdmIdWidth(HciWidth),
      .EccWidth(HciWidth),
      .HandshakeEccWidth(HciWidth)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .test_mode_i(1'b0),
      .evt_o,
      .busy_o,
      .tcdm_req_o(mem_req_o),
      .tcdm_gnt_i(mem_gnt_i),
      .tcdm_add_o(mem_add_o),
      .tcdm_wen_o(mem_wen_o),
      .tcdm_be_o(mem_be_o),
      .tcdm_data_o(mem_data_o),
      .tcdm_user_o(user),
      .tcdm_id_o(tcdm_id),
      .tcdm_ecc_o(ecc),
      .tcdm_ereq_o(ereq),
      .tcdm_egnt_i({HciWidth{mem_gnt_i}}),
      .tcdm_r_ready_o(r_ready),
      .tcdm_r_valid_i(r_valid),
      .tcdm_r_data_i(r.data),
      .tcdm_r_opc_i(r.err),
      .tcdm_r_user_i(user),
      .tcdm_r_id_i(tcdm_id),
      .tcdm_r_ecc_i('1),
      .tcdm_r_eready_o(r_eready),
      .tcdm_r_evalid_i({HciWidth{r_valid}}),
      .periph_req_i(reg_req_i),
      .periph_gnt_o(reg_gnt_o),
      .periph_add_i(reg_add_i),
      .periph_wen_i(reg_wen_i),
      .periph_be_i(reg_be_i),
      .periph_data_i(reg_data_i),
      .periph_id_i(id),
      .periph_r_data_o(reg_r_data_o),
      .periph_r_valid_o(reg_r_valid_o),
      .periph_r_opc_o(reg_r_err_o),
      .periph_r_id_o(r_id)
  );

  // The rules of the register port hold for the port of the cores as well.
  redmule_reg_checks #(
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

`ifndef SYNTHESIS
  // A request that waits for its grant stays and holds, with all that belongs to it.
  HciRequestHolds :
  assert property (@(posedge clk_i) disable iff (!rst_ni) mem_req_o && !mem_gnt_i |=> mem_req_o && $stable(
      {mem_add_o, mem_wen_o, mem_be_o, mem_data_o, user, tcdm_id, ecc}
  ));

  // The copies of the handshake say what the handshake says.
  HciCopiesAgree :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      ereq == {HciWidth{mem_req_o}} && r_eready == {HciWidth{r_ready}});

  // There is one kind of event.
  for (genvar c = 0; c < NumCores; c++) begin : gen_events
    SecondEventNever :
    assert property (@(posedge clk_i) disable iff (!rst_ni) !evt_o[c][1]);
  end
`endif

endmodule

`default_nettype wire
