// SPDX-License-Identifier: SHL-0.51
// The number formats and exception flags of the arithmetic. Arithmetic is always binary16; the other formats
// exist in memory only. A format code is what the register MACFG holds.
`default_nettype none

package fp_pkg;

  typedef logic [15:0] fp16_t;

  typedef enum logic [2:0] {
    FmtE5M2   = 3'd0,
    FmtFp16   = 3'd1,
    FmtE4M3   = 3'd2,
    FmtBf16   = 3'd3,
    FmtE4M3Fn = 3'd4
  } format_e;

  // Sticky exception flags, in the order of the result register: NV is bit 3, NX bit 0.
  typedef struct packed {
    logic nv;  // invalid operation
    logic of;  // overflow
    logic uf;  // underflow: tiny after rounding, and inexact
    logic nx;  // inexact
  } flags_t;

  function automatic logic is_8bit(format_e format);
    return !(format inside {FmtFp16, FmtBf16});
  endfunction

endpackage

`default_nettype wire
