// SPDX-License-Identifier: SHL-0.51
// pulp_tcdm_interconnect with flat ports: the first initiator of a kind stands in the lowest bits. A configuration shows
// in the cycle after the one with cfg_set_i.
`default_nettype none

module fabric_top
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned NumPorts  = 10,
    parameter  int unsigned NumWide   = 1,
    parameter  int unsigned PortWidth = 256,
    parameter  int unsigned NumBanks  = 16,
    parameter  int unsigned BankWords = 2048,
    parameter  int unsigned Base      = 0,
    localparam int unsigned DataWidth = PortWidth + WordBits,
    localparam int unsigned DataBytes = DataWidth / WordBits * WordBytes
) (
    input  logic                          clk_i,
    input  logic                          rst_ni,
    input  logic                          cfg_set_i,
    input  logic                          cfg_wide_first_i,
    input  logic [                   7:0] cfg_num_i,
    input  logic [                   7:0] cfg_den_i,
    output logic                          conflict_o,
    input  logic [          NumPorts-1:0] log_req_i,
    output logic [          NumPorts-1:0] log_gnt_o,
    input  logic [ NumPorts*WordBits-1:0] log_adds_i,
    input  logic [          NumPorts-1:0] log_wens_i,
    input  logic [NumPorts*WordBytes-1:0] log_bes_i,
    input  logic [ NumPorts*WordBits-1:0] log_datas_i,
    output logic [          NumPorts-1:0] log_r_valid_o,
    output logic [ NumPorts*WordBits-1:0] log_r_datas_o,
    output logic [          NumPorts-1:0] log_r_errs_o,
    input  logic [           NumWide-1:0] wide_req_i,
    output logic [           NumWide-1:0] wide_gnt_o,
    input  logic [  NumWide*WordBits-1:0] wide_adds_i,
    input  logic [           NumWide-1:0] wide_wens_i,
    input  logic [ NumWide*DataBytes-1:0] wide_bes_i,
    input  logic [ NumWide*DataWidth-1:0] wide_datas_i,
    output logic [           NumWide-1:0] wide_r_valid_o,
    output logic [ NumWide*DataWidth-1:0] wide_r_datas_o,
    output logic [           NumWide-1:0] wide_r_errs_o
);

  arbiter_cfg_t cfg_q;
  word_req_t log_access[NumPorts];
  word_rsp_t log_rsp[NumPorts];
  addr_t wide_add[NumWide];
  logic [DataBytes-1:0] wide_be[NumWide];
  logic [DataWidth-1:0] wide_data[NumWide], wide_r_data[NumWide];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) cfg_q <= '0;
    else if (cfg_set_i) cfg_q <= '{wide_first: cfg_wide_first_i, num: cfg_num_i, den: cfg_den_i};
  end

  always_comb begin
    for (int unsigned p = 0; p < NumPorts; p++) begin
      log_access[p] = '{
          add: log_adds_i[p*WordBits+:WordBits],
          wen: log_wens_i[p],
          be: log_bes_i[p*WordBytes+:WordBytes],
          data: log_datas_i[p*WordBits+:WordBits]
      };
      log_r_datas_o[p*WordBits+:WordBits] = log_rsp[p].data;
      log_r_errs_o[p] = log_rsp[p].err;
    end
    for (int unsigned w = 0; w < NumWide; w++) begin
      wide_add[w] = wide_adds_i[w*WordBits+:WordBits];
      wide_be[w] = wide_bes_i[w*DataBytes+:DataBytes];
      wide_data[w] = wide_datas_i[w*DataWidth+:DataWidth];
      wide_r_datas_o[w*DataWidth+:DataWidth] = wide_r_data[w];
    end
  end

  pulp_tcdm_interconnect #(
      .NumPorts (NumPorts),
      .NumWide  (NumWide),
      .PortWidth(PortWidth),
      .NumBanks (NumBanks),
      .BankWords(BankWords),
      .Base     (addr_t'(Base))
  ) u_dut (
      .clk_i,
      .rst_ni,
      .cfg_i        (cfg_q),
      .cfg_set_i,
      .conflict_o,
      .log_req_i,
      .log_gnt_o,
      .log_access_i (log_access),
      .log_r_valid_o,
      .log_rsp_o    (log_rsp),
      .wide_req_i,
      .wide_gnt_o,
      .wide_add_i   (wide_add),
      .wide_wen_i   (wide_wens_i),
      .wide_be_i    (wide_be),
      .wide_data_i  (wide_data),
      .wide_r_valid_o,
      .wide_r_data_o(wide_r_data),
      .wide_r_err_o (wide_r_errs_o)
  );

endmodule

`default_nettype wire
