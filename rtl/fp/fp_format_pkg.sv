// SPDX-License-Identifier: SHL-0.51
// The storage formats as rows of a table. The casts know nothing else about a format.
`default_nettype none

package fp_format_pkg;

  import fp_math_pkg::*;

  localparam int unsigned ByteBits = 8;
  localparam int unsigned NumFormats = 5;

  typedef logic signed [7:0] rebias_t;

  typedef struct packed {
    logic       is_byte;    // 8 bits, otherwise 16
    logic       has_inf;    // the largest code that is no NaN is infinity
    logic [3:0] frac_bits;
    rebias_t    rebias;     // an exponent of the format, plus this, is one of binary16
    mag_t       top;        // the largest magnitude that is no NaN
    mag_t       nan;        // the canonical NaN; smaller ones signal
  } format_t;

  // Indexed by format_e.
  localparam format_t Formats[NumFormats] = '{
      // is_byte has_inf frac_bits rebias top   nan
      '{
          1'b1,
          1'b1,
          4'd2,
          8'sd0,
          15'h007C,
          15'h007E
      },  // e5m2
      '{1'b0, 1'b1, 4'd10, 8'sd0, 15'h7C00, 15'h7E00},  // fp16
      '{1'b1, 1'b1, 4'd3, 8'sd8, 15'h0078, 15'h007C},  // e4m3
      '{1'b0, 1'b1, 4'd7, -8'sd112, 15'h7F80, 15'h7FC0},  // bf16
      '{1'b1, 1'b0, 4'd3, 8'sd8, 15'h007E, 15'h007F}  // e4m3fn
  };

endpackage

`default_nettype wire
