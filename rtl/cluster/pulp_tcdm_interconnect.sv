// SPDX-License-Identifier: SHL-0.51
// The TCDM with its two branches and the arbiter between them: NumPorts initiators of one word, NumWide of PortWidth + 32
// bits. Wiring, and the choice of the branch that a bank serves.
//   Every transfer (req & gnt) is answered in the next cycle. req must not depend on gnt.
//   conflict_o: the branches want the same bank in this cycle; one of them waits.
`default_nettype none

module pulp_tcdm_interconnect
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned NumPorts  = 10,
    parameter  int unsigned NumWide   = 1,
    parameter  int unsigned PortWidth = 256,
    parameter  int unsigned NumBanks  = 16,
    parameter  int unsigned BankWords = 2048,
    parameter  addr_t       Base      = '0,
    localparam int unsigned DataWidth = PortWidth + WordBits
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  arbiter_cfg_t                   cfg_i,
    input  logic                           cfg_set_i,                 // cfg_i changes with the next cycle
    output logic                           conflict_o,
    // initiators of one word
    input  logic         [   NumPorts-1:0] log_req_i,
    output logic         [   NumPorts-1:0] log_gnt_o,
    input  word_req_t                      log_access_i  [NumPorts],
    output logic         [   NumPorts-1:0] log_r_valid_o,
    output word_rsp_t                      log_rsp_o     [NumPorts],
    // wide initiators
    input  logic         [    NumWide-1:0] wide_req_i,
    output logic         [    NumWide-1:0] wide_gnt_o,
    input  addr_t                          wide_add_i    [ NumWide],
    input  logic         [    NumWide-1:0] wide_wen_i,
    input  logic         [DataWidth/8-1:0] wide_be_i     [ NumWide],
    input  logic         [  DataWidth-1:0] wide_data_i   [ NumWide],
    output logic         [    NumWide-1:0] wide_r_valid_o,
    output logic         [  DataWidth-1:0] wide_r_data_o [ NumWide],
    output logic         [    NumWide-1:0] wide_r_err_o
);

  localparam int unsigned PowerOfTwo = 1 << $clog2(NumBanks);
  localparam longint unsigned EndOfAddresses = 64'd1 << $bits(addr_t);
  localparam longint unsigned Bytes = 64'(NumBanks) * BankWords * WordBytes;

  if (NumPorts < 1 || NumWide < 1) begin : gen_no_port
    $error("NumPorts is %0d and NumWide %0d; both must be at least 1", NumPorts, NumWide);
  end
  if (PortWidth == 0 || PortWidth % WordBits != 0) begin : gen_bad_port_width
    $error("PortWidth is %0d; it must be a multiple of %0d", PortWidth, WordBits);
  end
  if (NumBanks < DataWidth / WordBits || NumBanks != PowerOfTwo) begin : gen_bad_banks
    $error(
        "NumBanks is %0d, PortWidth %0d; NumBanks must be a power of two and more than PortWidth / %0d",
        NumBanks,
        PortWidth,
        WordBits
    );
  end
  if (BankWords < 1 || Base % WordBytes != 0 || 64'(Base) + Bytes > EndOfAddresses) begin : gen_bad_memory
    $error(
        "Base is %0h, with %0d banks of %0d words; it must be that of a word, and the end at most 2**%0d",
        Base,
        NumBanks,
        BankWords,
        $bits(
            addr_t
        )
    );
  end

  logic [NumBanks-1:0] log_req, log_gnt, log_wen, touches;
  logic wide_req, wide_gnt, wide_wen;
  addr_t log_row[NumBanks], wide_row[NumBanks];
  lanes_t log_be[NumBanks], wide_be[NumBanks];
  word_t log_wdata[NumBanks], wide_wdata[NumBanks];

  logic [NumBanks-1:0] bank_req, bank_wen, by_wide;
  addr_t  bank_row[NumBanks];
  lanes_t bank_be [NumBanks];
  word_t bank_wdata[NumBanks], bank_rdata[NumBanks];

  pulp_log_branch #(
      .NumPorts (NumPorts),
      .NumBanks (NumBanks),
      .BankWords(BankWords),
      .Base     (Base)
  ) u_log_branch (
      .clk_i,
      .rst_ni,
      .req_i       (log_req_i),
      .gnt_o       (log_gnt_o),
      .access_i    (log_access_i),
      .r_valid_o   (log_r_valid_o),
      .rsp_o       (log_rsp_o),
      .bank_req_o  (log_req),
      .bank_gnt_i  (log_gnt),
      .bank_row_o  (log_row),
      .bank_wen_o  (log_wen),
      .bank_be_o   (log_be),
      .bank_wdata_o(log_wdata),
      .bank_rdata_i(bank_rdata)
  );

  pulp_wide_branch #(
      .NumWide  (NumWide),
      .PortWidth(PortWidth),
      .NumBanks (NumBanks),
      .BankWords(BankWords),
      .Base     (Base)
  ) u_wide_branch (
      .clk_i,
      .rst_ni,
      .req_i       (wide_req_i),
      .gnt_o       (wide_gnt_o),
      .add_i       (wide_add_i),
      .wen_i       (wide_wen_i),
      .be_i        (wide_be_i),
      .data_i      (wide_data_i),
      .r_valid_o   (wide_r_valid_o),
      .r_data_o    (wide_r_data_o),
      .r_err_o     (wide_r_err_o),
      .req_o       (wide_req),
      .gnt_i       (wide_gnt),
      .touches_o   (touches),
      .bank_row_o  (wide_row),
      .bank_wen_o  (wide_wen),
      .bank_be_o   (wide_be),
      .bank_wdata_o(wide_wdata),
      .bank_rdata_i(bank_rdata)
  );

  pulp_branch_arbiter #(
      .NumBanks(NumBanks)
  ) u_branch_arbiter (
      .clk_i,
      .rst_ni,
      .cfg_i,
      .cfg_set_i,
      .log_req_i     (log_req),
      .log_gnt_o     (log_gnt),
      .wide_req_i    (wide_req),
      .wide_touches_i(touches),
      .wide_gnt_o    (wide_gnt),
      .conflict_o
  );

  assign by_wide  = wide_gnt ? touches : '0;
  assign bank_req = by_wide | log_gnt;
  assign bank_wen = (~by_wide & log_wen) | (wide_wen ? by_wide : '0);

  always_comb begin
    for (int unsigned b = 0; b < NumBanks; b++) begin
      bank_row[b]   = by_wide[b] ? wide_row[b] : log_row[b];
      bank_be[b]    = by_wide[b] ? wide_be[b] : log_be[b];
      bank_wdata[b] = by_wide[b] ? wide_wdata[b] : log_wdata[b];
    end
  end

  pulp_tcdm #(
      .NumBanks (NumBanks),
      .BankWords(BankWords)
  ) u_tcdm (
      .clk_i,
      .req_i  (bank_req),
      .row_i  (bank_row),
      .wen_i  (bank_wen),
      .be_i   (bank_be),
      .wdata_i(bank_wdata),
      .rdata_o(bank_rdata)
  );

`ifndef SYNTHESIS
  // A bank serves one access a cycle: never one of each branch.
  BankServesOneAccess :
  assert property (@(posedge clk_i) disable iff (!rst_ni) (log_gnt & by_wide) == '0);
  // A wide request that is granted is served by all banks it touches, one that is not by none.
  WideAccessIsAllOrNothing :
  assert property (@(posedge clk_i) disable iff (!rst_ni) (bank_req & ~log_gnt) == (wide_gnt ? touches : '0));

  for (genvar p = 0; p < NumPorts; p++) begin : gen_log_checks
    pulp_port_checks #(
        .DataWidth(WordBits)
    ) u_checks (
        .clk_i,
        .rst_ni,
        .req_i    (log_req_i[p]),
        .gnt_i    (log_gnt_o[p]),
        .add_i    (log_access_i[p].add),
        .wen_i    (log_access_i[p].wen),
        .be_i     (log_access_i[p].be),
        .data_i   (log_access_i[p].data),
        .r_valid_i(log_r_valid_o[p])
    );
  end

  for (genvar w = 0; w < NumWide; w++) begin : gen_wide_checks
    pulp_port_checks #(
        .DataWidth(DataWidth)
    ) u_checks (
        .clk_i,
        .rst_ni,
        .req_i    (wide_req_i[w]),
        .gnt_i    (wide_gnt_o[w]),
        .add_i    (wide_add_i[w]),
        .wen_i    (wide_wen_i[w]),
        .be_i     (wide_be_i[w]),
        .data_i   (wide_data_i[w]),
        .r_valid_i(wide_r_valid_o[w])
    );
  end
`endif

endmodule

`default_nettype wire
