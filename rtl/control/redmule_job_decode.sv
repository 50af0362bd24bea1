// SPDX-License-Identifier: SHL-0.51
// The job registers as the job that the sequencers see (strides resolved, formats chosen), the four matrices as they
// are stored and which of them it reads, and what is wrong with it: the first error in the order of error_e.
// Combinational; beyond_i says of each matrix (index stream_e) whether it ends beyond 2^32. Y in the place of Z has no
// pointer, stride or extent of its own, a broadcast Y no stride, a matmul no Y.
`default_nettype none

module redmule_job_decode
  import fp_pkg::*;
  import redmule_pkg::*;
  import redmule_regs_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter bit Transposes = 1'b1
) (
    input  job_regs_t                  regs_i,
    input  logic      [NumStreams-1:0] beyond_i,
    output matrix_t   [NumStreams-1:0] matrix_o,
    output logic      [NumStreams-1:0] reads_o,
    output job_t                       job_o,
    output error_e                     error_o
);

  localparam addr_t OneByte = addr_t'(1'b1);

  // A matrix of rows x cols elements in memory, stored by rows or by columns.
  function automatic matrix_t stored(addr_t addr, addr_t stride, format_e format, logic trans, size_t rows,
                                     size_t cols);
    matrix_t matrix;
    matrix.rows = trans ? cols : rows;
    matrix.row_bytes = bytes_of(trans ? addr_t'(rows) : addr_t'(cols), format);
    matrix.operand.addr = addr;
    matrix.operand.stride = stride == '0 ? matrix.row_bytes : stride;
    matrix.operand.format = format;
    matrix.operand.trans = trans;
    return matrix;
  endfunction

  function automatic logic is_unknown(format_e format);
    return !(format inside {FmtE5M2, FmtFp16, FmtE4M3, FmtBf16, FmtE4M3Fn});
  endfunction

  function automatic logic is_misaligned(operand_t operand);
    return !is_8bit(operand.format) && ((operand.addr | operand.stride) & OneByte) != '0;
  endfunction

  ext_reg_t ext;
  size_t m, n, k;
  op_e op;
  format_e x_format, w_format, y_format, z_format;
  matrix_t x, w, y, z;
  logic use_y;
  logic [NumStreams-1:0] used, own, misaligned, unknown;  // by stream_e, the last one first

  assign ext = regs_i.ext;
  assign m = regs_i.mcfig0.m;
  assign n = regs_i.mcfig1.n;
  assign k = regs_i.mcfig0.k;
  assign op = op_e'(regs_i.macfg.op);
  assign x_format = format_e'(ext.own_formats ? ext.x_format : regs_i.macfg.format);
  assign w_format = format_e'(ext.own_formats ? ext.w_format : regs_i.macfg.format);
  assign y_format = format_e'(ext.own_formats ? ext.y_format : regs_i.macfg.format);
  assign z_format = format_e'(ext.own_formats ? ext.z_format : regs_i.macfg.format);
  assign use_y = op != OpMatmul;

  always_comb begin
    x = stored(regs_i.x_addr.addr, regs_i.x_stride.bytes, x_format, ext.x_trans & Transposes, m, n);
    w = stored(regs_i.w_addr.addr, regs_i.w_stride.bytes, w_format, ext.w_trans & Transposes, n, k);
    z = stored(regs_i.z_addr.addr, regs_i.z_stride.bytes, z_format, ext.z_trans & Transposes, m, k);
    y = stored(regs_i.y_addr.addr, regs_i.y_stride.bytes, y_format, ext.z_trans & Transposes, m, k);
    if (!ext.y_separate) begin
      y.operand.addr   = z.operand.addr;
      y.operand.stride = z.operand.stride;
    end
    if (ext.y_broadcast) begin
      y.operand.stride = '0;
      y.rows = size_t'(1'b1);
    end
  end

  assign matrix_o = {z, y, w, x};
  assign used = {1'b1, use_y, 1'b1, 1'b1};
  assign own = {1'b1, use_y & ext.y_separate, 1'b1, 1'b1};
  assign reads_o = {use_y & ~ext.y_separate, use_y & ext.y_separate, 1'b1, 1'b1};
  for (genvar s = 0; s < NumStreams; s++) begin : gen_check
    assign misaligned[s] = is_misaligned(matrix_o[s].operand);
    assign unknown[s] = is_unknown(matrix_o[s].operand.format);
  end

  assign job_o = '{
          x: x.operand,
          w: w.operand,
          y: y.operand,
          z: z.operand,
          m: m,
          n: n,
          k: k,
          op: op,
          use_y: use_y,
          saturate: ext.saturate
      };

  always_comb begin
    error_o = ErrNone;
    // The last one assigned wins: from the last of error_e to the first.
    if (!Transposes && (ext.x_trans || ext.w_trans || ext.z_trans)) error_o = ErrUnsupported;
    if (use_y && !ext.y_separate && (ext.y_broadcast || y_format != z_format)) error_o = ErrInPlace;
    if ((own & beyond_i) != '0) error_o = ErrExtent;
    if (z.operand.stride < z.row_bytes) error_o = ErrStride;
    if ((own & misaligned) != '0) error_o = ErrAlign;
    if ((used & unknown) != '0) error_o = ErrFormat;
    if (m == '0 || n == '0 || k == '0) error_o = ErrSize;
  end

  // Reserved bits read back and mean nothing; WATCHDOG is not the sequencers' business.
  (* maybe_unused *)
  logic unused_bits;
  assign unused_bits = ^{regs_i.mcfig1, regs_i.macfg, ext, regs_i.watchdog};

endmodule

`default_nettype wire
