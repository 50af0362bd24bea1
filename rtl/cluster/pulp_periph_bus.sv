// SPDX-License-Identifier: SHL-0.51
// The peripheral bus: one host, and targets by address (offsets in a window; what lies above WindowBits is not decoded):
//   0x0000 + 0x100 * a  accelerator a          target a
//   0x1000              arbiter of the TCDM    target NumAccelerators
//   0x2000              DMA                    target NumAccelerators + 1
//   0x4000 + 0x40 * c   traffic of core c      target NumAccelerators + 2 + c
// A target is asked in the cycle of the host, may hold its grant back, and answers in the cycle after its grant. A hole
// is granted at once and answers with an error, as does a register that a target does not have.
`default_nettype none

module pulp_periph_bus
  import pulp_cluster_pkg::*;
#(
    parameter  int unsigned NumAccelerators = 1,
    parameter  int unsigned NumCores        = 8,
    localparam int unsigned NumTargets      = NumAccelerators + 2 + NumCores
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // host
    input  logic                         req_i,
    output logic                         gnt_o,
    input  periph_req_t                  access_i,
    output logic                         r_valid_o,
    output periph_rsp_t                  rsp_o,
    // targets; all see access_i
    output logic        [NumTargets-1:0] target_req_o,
    input  logic        [NumTargets-1:0] target_gnt_i,
    input  logic        [NumTargets-1:0] target_r_valid_i,
    input  periph_rsp_t                  target_rsp_i    [NumTargets]
);

  localparam int unsigned AcceleratorBits = 8;
  localparam int unsigned UnitBits = 6;
  localparam int unsigned ArbiterTarget = NumAccelerators;
  localparam int unsigned DmaTarget = NumAccelerators + 1;
  localparam int unsigned FirstTraffic = NumAccelerators + 2;

  typedef enum logic [3:0] {
    AreaAccelerators = 4'h0,
    AreaArbiter      = 4'h1,
    AreaDma          = 4'h2,
    AreaTraffic      = 4'h4
  } area_e;

  // The part of an address that is decoded.
  typedef struct packed {
    area_e       area;
    logic [11:0] offset;
  } place_t;
  localparam int unsigned WindowBits = $bits(place_t);

  if (NumAccelerators < 1 || NumAccelerators > 8) begin : gen_bad_accelerators
    $error("NumAccelerators is %0d; it must be from 1 to 8", NumAccelerators);
  end
  if (NumCores < 1 || NumCores > 16) begin : gen_bad_cores
    $error("NumCores is %0d; it must be from 1 to 16", NumCores);
  end

  place_t place;
  logic [NumTargets-1:0] target, answer_from_q;
  logic hole, hole_q;
  id_t hole_id_q;

  assign place = place_t'(access_i.add[WindowBits-1:0]);

  always_comb begin
    target = '0;
    unique case (place.area)
      AreaAccelerators: begin
        for (int unsigned a = 0; a < NumAccelerators; a++) target[a] = 32'(place.offset >> AcceleratorBits) == a;
      end
      AreaArbiter: target[ArbiterTarget] = place.offset >> UnitBits == '0;
      AreaDma: target[DmaTarget] = place.offset >> UnitBits == '0;
      AreaTraffic: begin
        for (int unsigned c = 0; c < NumCores; c++) target[FirstTraffic+c] = 32'(place.offset >> UnitBits) == c;
      end
      default: target = '0;
    endcase
  end

  assign hole = target == '0;
  assign target_req_o = target & {NumTargets{req_i}};
  assign gnt_o = hole | ((target & target_gnt_i) != '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      answer_from_q <= '0;
      hole_q <= 1'b0;
    end else begin
      answer_from_q <= req_i ? target & target_gnt_i : '0;
      hole_q <= req_i & hole;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i & hole) hole_id_q <= access_i.id;
  end

  assign r_valid_o = hole_q | (answer_from_q != '0);

  always_comb begin
    rsp_o = '{data: '0, id: hole_id_q, err: 1'b1};
    for (int unsigned t = 0; t < NumTargets; t++) begin
      if (answer_from_q[t]) rsp_o = target_rsp_i[t];
    end
  end

`ifndef SYNTHESIS
  // An address is that of one target at most.
  OneTarget :
  assert property (@(posedge clk_i) disable iff (!rst_ni) req_i |-> $onehot0(target));
  // A target answers in the cycle after its grant, and only then.
  TargetsAnswerAtOnce :
  assert property (@(posedge clk_i) disable iff (!rst_ni) target_r_valid_i == answer_from_q);
`endif

endmodule

`default_nettype wire
