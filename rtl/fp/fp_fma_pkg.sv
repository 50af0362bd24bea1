// SPDX-License-Identifier: SHL-0.51
// What passes between the steps of the fused multiply-add: multiply, add, count, normalise, round.
//
// The sum is formed in a window that holds the whole product and an addend that is up to two places ahead of it:
//
//     36        26 25 24 23                  2 1 0
//     ccccccccccc  0  0  pppppppppppppppppppp  0 0  (sticky)     addend ahead by as much as matters, or more
//     0   ... ccccccccccc ...                                    otherwise it is shifted right
//
// The two zeros ahead of the product keep a borrow out of a far greater addend exact; the two below it are the guard
// and round bits that a cancelled leading bit brings up.
`default_nettype none

package fp_fma_pkg;

  import fp_pkg::*;
  import fp_math_pkg::*;

  localparam int unsigned GuardBits = 2;
  localparam int unsigned ProductBits = 2 * SigBits;
  localparam int unsigned WindowBits = SigBits + GuardBits + ProductBits + GuardBits;
  localparam int unsigned CountBits = $clog2(WindowBits);

  // The multiplier forms two partial products; the addition of the next step adds them up.
  localparam int unsigned LowBits = (SigBits + 1) / 2;
  localparam int unsigned HighBits = SigBits - LowBits;

  typedef logic [WindowBits-1:0] window_t;
  typedef logic [CountBits-1:0] count_t;
  typedef logic [ExpBits:0] wide_exp_t;  // from 1 to twice the largest exponent

  // A result that does not come from the sum.
  typedef enum logic [1:0] {
    SpecialNone,
    SpecialNan,
    SpecialPlusInf,
    SpecialMinusInf
  } special_e;

  typedef struct packed {
    special_e  special;
    logic      nv;
    logic      sign;
    wide_exp_t exponent;  // biased, of the leftmost place of the window or significand
  } head_t;

  typedef struct packed {
    logic [SigBits+LowBits-1:0]  low;
    logic [SigBits+HighBits-1:0] high;
  } products_t;

  // The aligned addend (and the sign of the product), then the magnitude of the sum (and its sign).
  typedef struct packed {
    head_t   head;
    logic    subtract;  // product and addend have different signs
    logic    sticky;    // something non-zero lies below the window
    window_t bits;
  } term_t;

  typedef struct packed {
    head_t   head;
    logic    sticky;
    count_t  zeros;
    window_t bits;
  } counted_t;

  // The head's exponent is that of a normal number even if the hidden bit is 0 (a subnormal, with exponent 1).
  typedef struct packed {
    head_t head;
    sig_t significand;
    logic guard;  // the first place below the significand
    logic round;  // the second
    logic sticky;  // any further one
  } normal_t;

endpackage

`default_nettype wire
