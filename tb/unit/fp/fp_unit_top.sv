// SPDX-License-Identifier: SHL-0.51
// Flat ports around one arithmetic unit, the same for all of them, so that one C++ loop drives any. Combinational but
// for the registers of the multiply-add.
//   control_i  bit 0: max (min/max) or saturate (cast out); above: format of a, format of b; enables of the multiply-add
`default_nettype none

module fp_unit_top
  import fp_pkg::*;
#(
    parameter int unsigned Unit = 0,  // one of the numbers below
    parameter int unsigned PipeRegs = 0,
    localparam int unsigned ControlBits = 8
) (
    input  logic                     clk_i,
    input  logic   [ControlBits-1:0] control_i,
    input  fp16_t                    a_i,
    input  fp16_t                    b_i,
    input  fp16_t                    c_i,
    output fp16_t                    z_o,
    output flags_t                   flags_o
);

  localparam int unsigned UnitFma = 0;
  localparam int unsigned UnitMinMax = 1;
  localparam int unsigned UnitCastIn = 2;
  localparam int unsigned UnitCastOut = 3;
  localparam int unsigned UnitCastFma = 4;  // a and b are cast in, then multiplied and added

  localparam int unsigned FormatBits = 3;
  localparam int unsigned StageEn = PipeRegs == 0 ? 1 : PipeRegs;

  logic option;
  logic [FormatBits-1:0] a_code, b_code;
  format_e a_format, b_format;
  assign {b_code, a_code, option} = (2 * FormatBits + 1)'(control_i);
  assign a_format = format_e'(a_code);
  assign b_format = format_e'(b_code);

  if (Unit == UnitFma) begin : g_fma
    fp_fma #(
        .PipeRegs(PipeRegs)
    ) i_dut (
        .clk_i,
        .en_i(StageEn'(control_i)),
        .a_i,
        .b_i,
        .c_i,
        .z_o,
        .flags_o
    );
  end else if (Unit == UnitMinMax) begin : g_minmax
    logic nv;
    fp_minmax i_dut (
        .a_i,
        .b_i,
        .is_max_i(option),
        .z_o,
        .nv_o(nv)
    );
    assign flags_o = '{nv: nv, default: '0};
  end else if (Unit == UnitCastIn) begin : g_cast_in
    fp_cast_in i_dut (
        .format_i(a_format),
        .code_i  (a_i),
        .z_o,
        .flags_o
    );
  end else if (Unit == UnitCastOut) begin : g_cast_out
    fp_cast_out i_dut (
        .format_i(a_format),
        .saturate_i(option),
        .x_i(a_i),
        .code_o(z_o),
        .flags_o
    );
  end else begin : g_cast_fma
    fp16_t a, b;
    flags_t a_flags, b_flags, fma_flags;
    fp_cast_in i_cast_a (
        .format_i(a_format),
        .code_i(a_i),
        .z_o(a),
        .flags_o(a_flags)
    );
    fp_cast_in i_cast_b (
        .format_i(b_format),
        .code_i(b_i),
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
        .c_i,
        .z_o,
        .flags_o(fma_flags)
    );
    assign flags_o = a_flags | b_flags | fma_flags;
  end

endmodule

`default_nettype wire
