// SPDX-License-Identifier: SHL-0.51
// Copies every stride-th word of a memory to one place, and adds the words up. One access at a time; an event at the end.
//   0x00 START   write: begins            0x04 SOURCE, 0x08 TARGET  byte addresses
//   0x0C STRIDE  bytes                    0x10 COUNT   words, at least one
//   0x14 SUM     of the words, read only  0x18 ERROR   the memory answered one of them with an error, read only
// An access of a register that is not there is an error. Mistaken = 1 shows what the agents find: it does not wait for its
// grant.
`default_nettype none

module gather #(
    parameter int unsigned IdWidth  = 4,
    parameter bit          Mistaken = 1'b0
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    // memory port
    output logic               mem_req_o,
    input  logic               mem_gnt_i,
    output logic [       31:0] mem_add_o,
    output logic               mem_wen_o,
    output logic [        3:0] mem_be_o,
    output logic [       31:0] mem_data_o,
    input  logic               mem_r_valid_i,
    input  logic [       31:0] mem_r_data_i,
    input  logic               mem_r_err_i,
    // register port
    input  logic               reg_req_i,
    output logic               reg_gnt_o,
    input  logic [       31:0] reg_add_i,
    input  logic               reg_wen_i,
    input  logic [        3:0] reg_be_i,
    input  logic [       31:0] reg_data_i,
    input  logic [IdWidth-1:0] reg_id_i,
    output logic               reg_r_valid_o,
    output logic [       31:0] reg_r_data_o,
    output logic [IdWidth-1:0] reg_r_id_o,
    output logic               reg_r_err_o,
    output logic               event_o
);

  typedef enum logic [2:0] {
    Idle,
    Load,
    AwaitLoad,
    Store,
    AwaitStore
  } state_e;

  typedef enum logic [4:0] {
    RegStart = 5'h00,
    RegSource = 5'h04,
    RegTarget = 5'h08,
    RegStride = 5'h0C,
    RegCount = 5'h10,
    RegSum = 5'h14,
    RegError = 5'h18
  } offset_e;

  state_e state_q;
  logic [31:0] source_q, target_q, stride_q, count_q, sum_q, word_q, mask, read_data;
  logic error_q, write, last;

  assign write = reg_req_i & ~reg_wen_i & state_q == Idle;
  assign last  = count_q == 32'd1;

  for (genvar b = 0; b < 4; b++) begin : gen_mask
    assign mask[8*b+:8] = {8{reg_be_i[b]}};
  end

  assign mem_req_o  = state_q inside {Load, Store};
  assign mem_wen_o  = state_q == Load;
  assign mem_add_o  = state_q == Load ? source_q : target_q;
  assign mem_be_o   = '1;
  assign mem_data_o = word_q;
  assign event_o    = state_q == AwaitStore && mem_r_valid_i && last;
  assign reg_gnt_o  = 1'b1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      {source_q, target_q, stride_q, count_q, sum_q, word_q, error_q} <= '0;
    end else begin
      if (write && offset_e'(reg_add_i[4:0]) == RegSource) source_q <= (source_q & ~mask) | (reg_data_i & mask);
      if (write && offset_e'(reg_add_i[4:0]) == RegTarget) target_q <= (target_q & ~mask) | (reg_data_i & mask);
      if (write && offset_e'(reg_add_i[4:0]) == RegStride) stride_q <= (stride_q & ~mask) | (reg_data_i & mask);
      if (write && offset_e'(reg_add_i[4:0]) == RegCount) count_q <= (count_q & ~mask) | (reg_data_i & mask);
      unique case (state_q)
        Idle:
        if (write && offset_e'(reg_add_i[4:0]) == RegStart) begin
          state_q <= Load;
          {sum_q, error_q} <= '0;
        end
        Load: if (mem_gnt_i || Mistaken) state_q <= mem_gnt_i ? AwaitLoad : Store;
        AwaitLoad:
        if (mem_r_valid_i) begin
          state_q <= Store;
          word_q  <= mem_r_data_i;
          sum_q   <= sum_q + mem_r_data_i;
          error_q <= error_q | mem_r_err_i;
        end
        Store: if (mem_gnt_i) state_q <= AwaitStore;
        AwaitStore:
        if (mem_r_valid_i) begin
          state_q  <= last ? Idle : Load;
          source_q <= source_q + stride_q;
          target_q <= target_q + 32'd4;
          count_q  <= count_q - 32'd1;
          error_q  <= error_q | mem_r_err_i;
        end
        default: state_q <= Idle;
      endcase
    end
  end

  always_comb begin
    unique case (offset_e'(reg_add_i[4:0]))
      RegSource: read_data = source_q;
      RegTarget: read_data = target_q;
      RegStride: read_data = stride_q;
      RegCount: read_data = count_q;
      RegSum: read_data = sum_q;
      RegError: read_data = 32'(error_q);
      default: read_data = '0;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reg_r_valid_o <= 1'b0;
      {reg_r_data_o, reg_r_id_o, reg_r_err_o} <= '0;
    end else begin
      reg_r_valid_o <= reg_req_i;
      reg_r_data_o <= reg_wen_i ? read_data : '0;
      reg_r_id_o <= reg_id_i;
      reg_r_err_o <= reg_add_i[1:0] != '0 || reg_add_i > 32'(RegError);
    end
  end

endmodule

`default_nettype wire
