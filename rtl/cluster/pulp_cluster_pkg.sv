// SPDX-License-Identifier: SHL-0.51
// Types that cross module borders of the cluster. Sizes that depend on a parameter are not here.
`default_nettype none

package pulp_cluster_pkg;

  localparam int unsigned WordBits = 32;
  localparam int unsigned WordBytes = WordBits / 8;

  typedef logic [31:0] addr_t;  // byte address; row of a bank
  typedef logic [WordBits-1:0] word_t;
  typedef logic [WordBytes-1:0] lanes_t;  // byte enables of a word

  // An access of a 32-bit initiator, and its answer.
  typedef struct packed {
    addr_t  add;
    logic   wen;   // 1: read
    lanes_t be;
    word_t  data;
  } word_req_t;

  typedef struct packed {
    word_t data;
    logic  err;
  } word_rsp_t;

  // Which branch wins when both want a bank: one has priority, the other wins num of den conflict cycles.
  typedef struct packed {
    logic       wide_first;
    logic [7:0] num;         // 0: no guarantee
    logic [7:0] den;
  } arbiter_cfg_t;

  typedef logic [31:0] id_t;  // of the core that asks on the peripheral bus

  // An access of the peripheral bus, and its answer.
  typedef struct packed {
    addr_t  add;
    logic   wen;   // 1: read
    lanes_t be;
    word_t  data;
    id_t    id;
  } periph_req_t;

  typedef struct packed {
    word_t data;
    id_t   id;
    logic  err;
  } periph_rsp_t;

endpackage

`default_nettype wire
