// SPDX-License-Identifier: SHL-0.51
// Types that cross module borders. Sizes that depend on a parameter are not here: index types are as wide as the
// largest legal parameter needs.
`default_nettype none

package redmule_pkg;

  import fp_pkg::*;

  typedef logic [31:0] addr_t;  // byte address, or a distance in bytes
  typedef logic [15:0] size_t;  // M, N, K, and what is left of them
  typedef logic [4:0] row_t;  // row of the array (NumRows <= 32)
  typedef logic [6:0] col_t;  // column of a tile (RowLen * (PipeRegs + 1) <= 80)
  typedef logic [7:0] elems_t;  // elements in a beat (1024 bits of FP8: 128)
  typedef logic [4:0] unit_t;  // beats of 16-bit elements in a stored row (80 columns at 4 a beat: 20)
  typedef logic [6:0] index_t;  // stored row of a patch (RowLen * (PipeRegs + 1) <= 80)
  typedef logic [1:0] split_t;  // log2 of the groups that the rows of the array are split into (RowGroups <= 4)
  typedef logic [1:0] group_t;  // one of these groups
  typedef logic [1:0] ctx_t;  // job context (NumContexts <= 4)

  localparam int unsigned ByteBits = 8;
  localparam int unsigned NumStreams = 4;
  localparam int unsigned MaxContexts = 4;  // as many as ctx_t can name; those above NumContexts do not exist

  // z = op2(op1(x, w), acc); the code is what the register MACFG holds.
  typedef enum logic [2:0] {
    OpMatmul = 3'd0,
    OpGemm   = 3'd1,
    OpAddMax = 3'd2,
    OpAddMin = 3'd3,
    OpMulMax = 3'd4,
    OpMulMin = 3'd5,
    OpMaxMin = 3'd6,
    OpMinMax = 3'd7
  } op_e;

  // Where a matrix is stored, and how.
  typedef struct packed {
    addr_t   addr;    // of its first element
    addr_t   stride;  // from one stored row to the next
    format_e format;
    logic    trans;   // stored rows are its columns
  } operand_t;

  // One job, as the sequencers see it: strides are resolved (a dense matrix has its real stride, a broadcast Y has 0).
  typedef struct packed {
    operand_t x;
    operand_t w;
    operand_t y;
    operand_t z;
    size_t m;
    size_t n;
    size_t k;
    op_e op;
    logic use_y;
    logic saturate;
  } job_t;

  // Which jobs of the queue the sequencers may work on, by context.
  typedef struct packed {
    logic [MaxContexts-1:0] ready;    // may be worked on
    logic [MaxContexts-1:0] refused;  // is to be passed over
    logic [MaxContexts-1:0] ended;    // has ended, this cycle
    ctx_t                   head;     // the oldest
    logic                   restart;  // begin again with the oldest
  } schedule_t;

  typedef enum logic [1:0] {
    StreamX = 2'd0,
    StreamW = 2'd1,
    StreamY = 2'd2,
    StreamZ = 2'd3
  } stream_e;

  // One beat of the port as a sequencer asks for it.
  typedef struct packed {
    addr_t   addr;    // of the first element
    elems_t  elems;   // elements it moves, in neighbouring places
    format_e format;
  } access_t;

  // Where the elements of a beat belong. A patch is the part of a matrix that a buffer takes at once.
  typedef struct packed {
    ctx_t   ctx;    // of the job
    split_t split;
    group_t group;
    index_t row;    // stored row within group and patch
    unit_t  unit;   // place in that row, counted in beats of 16-bit elements
    logic   along;  // stored rows are lines of the buffer: n of X and W, rows of the array for Y and Z
    elems_t lines;  // lines of X or W that the array may take once this beat is there
    logic   last;   // last beat of the patch (Z: of the job)
  } place_t;

  // How soon a stream that gets no beat stops the array, counted in values of n; all ones: far.
  typedef logic [7:0] lead_t;
  localparam lead_t FarAway = '1;

  // What a cycle of a job was spent on. The codes index the result counters.
  typedef enum logic [2:0] {
    CycleStep   = 3'd0,  // the array takes in a column of accumulators
    CycleStallX = 3'd1,  // it holds: no X values
    CycleStallW = 3'd2,  // it holds: no W row
    CycleStallY = 3'd3,  // it holds: no Y values
    CycleStallZ = 3'd4,  // it holds: results of the tile before last are not stored yet
    CycleStart  = 3'd5,  // before the first step of the job
    CycleDrain  = 3'd6   // after its last step
  } cycle_e;

  // Why a job ended. The code is what the register RESULT_ERROR holds.
  typedef enum logic [3:0] {
    ErrNone        = 4'd0,
    ErrSize        = 4'd1,  // M, N or K is 0
    ErrFormat      = 4'd2,  // unknown format code
    ErrAlign       = 4'd3,  // pointer or stride is no multiple of the element size
    ErrStride      = 4'd4,  // Z stride shorter than a row of Z
    ErrExtent      = 4'd5,  // a matrix ends beyond 2^32
    ErrInPlace     = 4'd6,  // Y in the place of Z, with another format or as a broadcast
    ErrUnsupported = 4'd7,  // a mechanism that this configuration leaves out
    ErrBus         = 4'd8,  // the memory answered with an error
    ErrWatchdog    = 4'd9   // no transfer for as long as WATCHDOG allows
  } error_e;

  // Bytes that `elems` elements of a format take.
  function automatic addr_t bytes_of(addr_t elems, format_e format);
    return is_8bit(format) ? elems : elems << 1;
  endfunction

  // The distance in memory from one element to the next along the rows of a matrix, and down its columns.
  function automatic addr_t pitch_along_row(operand_t operand);
    return operand.trans ? operand.stride : bytes_of(addr_t'(1), operand.format);
  endfunction

  function automatic addr_t pitch_down_column(operand_t operand);
    return operand.trans ? bytes_of(addr_t'(1), operand.format) : operand.stride;
  endfunction

endpackage

`default_nettype wire
