// SPDX-License-Identifier: SHL-0.51
// What travels between the parts of the DMA.
`default_nettype none

package pulp_dma_pkg;

  import pulp_cluster_pkg::*;
  import pulp_dma_regs_pkg::*;

  // Rows of bytes in a memory.
  typedef struct packed {
    addr_t addr;    // of the first byte of the first row
    word_t stride;  // bytes
  } place_t;

  typedef struct packed {
    word_t row_bytes;
    word_t rows;
  } shape_t;

  // A transfer as it waits in the queue.
  typedef struct packed {
    direction_e direction;
    place_t l2;
    place_t tcdm;
    shape_t shape;
    id_t id;  // of the core that asked for it
  } transfer_t;

endpackage

`default_nettype wire
