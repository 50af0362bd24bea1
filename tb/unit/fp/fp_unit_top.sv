// SPDX-License-Identifier: SHL-0.51
// Flat ports around arithmetic units of one kind, the same for all kinds, so that one C++ loop drives any. Lane i of
// each port belongs to unit i. Combinational but for the registers of the multiply-add.
//   control_i  bit 0: max (min/max) or saturate (cast out); above: format of a, format of b; enables of the multiply-add
`default_nettype none

module fp_unit_top
  import fp_pkg::*;
#(
    parameter int unsigned Unit = 0,  // one of the numbers below
    parameter int unsigned PipeRegs = 0,
    parameter int unsigned Lanes = 1,
    localparam int unsigned ByteBits = 8
) (
    input  logic                            clk_i,
    input  logic  [Lanes-1:0][ByteBits-1:0] control_i,
    input  fp16_t [Lanes-1:0]               a_i,
    input  fp16_t [Lanes-1:0]               b_i,
    input  fp16_t [Lanes-1:0]               c_i,
    output fp16_t [Lanes-1:0]               z_o,
    output logic  [Lanes-1:0][ByteBits-1:0] flags_o
);

  localparam int unsigned UnitFma = 0;
  localparam int unsigned UnitMinMax = 1;
  localparam int unsigned UnitCastIn = 2;
  localparam int unsigned UnitCastOut = 3;
  localparam int unsigned UnitCastFma = 4;  // a and b are cast in, then multiplied and added

  localparam int unsigned FormatBits = 3;
  localparam int unsigned StageEn = PipeRegs == 0 ? 1 : PipeRegs;

  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    logic option;
    logic [FormatBits-1:0] a_code, b_code;
    format_e a_format, b_format;
    flags_t flags;
    assign {b_code, a_code, option} = (2 * FormatBits + 1)'(control_i[i]);
    assign a_format = format_e'(a_code);
    assign b_format = format_e'(b_code);
    assign flags_o[i] = ByteBits'(flags);

    if (Unit == UnitFma) begin : g_fma
      fp_fma #(
          .PipeRegs(PipeRegs)
      ) i_dut (
          .clk_i,
          .en_i(StageEn'(control_i[i])),
          .a_i(a_i[i]),
          .b_i(b_i[i]),
          .c_i(c_i[i]),
          .z_o(z_o[i]),
          .flags_o(flags)
      );
    end else if (Unit == UnitMinMax) begin : g_minmax
      logic nv;
      fp_minmax i_dut (
          .a_i(a_i[i]),
          .b_i(b_i[i]),
          .is_max_i(option),
          .z_o(z_o[i]),
          .nv_o(nv)
      );
      assign flags = '{nv: nv, default: '0};
    end else if (Unit == UnitCastIn) begin : g_cast_in
      fp_cast_in i_dut (
          .format_i(a_format),
          .code_i(a_i[i]),
          .z_o(z_o[i]),
          .flags_o(flags)
      );
    end else if (Unit == UnitCastOut) begin : g_cast_out
      fp_cast_out i_dut (
          .format_i(a_format),
          .saturate_i(option),
          .x_i(a_i[i]),
          .code_o(z_o[i]),
          .flags_o(flags)
      );
    end else begin : g_cast_fma
      fp16_t a, b;
      flags_t a_flags, b_flags, fma_flags;
      fp_cast_in i_cast_a (
          .format_i(a_format),
          .code_i(a_i[i]),
          .z_o(a),
          .flags_o(a_flags)
      );
      fp_cast_in i_cast_b (
          .format_i(b_format),
          .code_i(b_i[i]),
          .z_o(b),
          .flags_o(b_flags)
      );
      fp_fma #(
          .PipeRegs(0)
      ) i_dut (
          .clk_i,
          .en_i('0),
          .a_i(a),
          .b_i(b),
          .c_i(c_i[i]),
          .z_o(z_o[i]),
          .flags_o(fma_flags)
      );
      assign flags = a_flags | b_flags | fma_flags;
    end
  end

endmodule

`default_nettype wire
