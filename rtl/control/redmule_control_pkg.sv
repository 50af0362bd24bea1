// SPDX-License-Identifier: SHL-0.51
// Types between the modules of the job control: what the register file asks for, and what it shows.
`default_nettype none

package redmule_control_pkg;

  import fp_pkg::*;
  import redmule_pkg::*;

  typedef logic [31:0] word_t;

  localparam int unsigned NumCounters = int'(CycleDrain) + 1;

  // One matrix as it is stored.
  typedef struct packed {
    operand_t operand;
    size_t rows;
    addr_t row_bytes;
  } matrix_t;

  // The bytes from the first to the last of a matrix, gaps between rows included.
  typedef struct packed {
    addr_t first;
    addr_t last;
  } extent_t;

  // Exceptions that a unit raises in a cycle, and the job it does it for.
  typedef struct packed {
    ctx_t   ctx;
    flags_t flags;
  } raised_t;
  typedef enum logic [1:0] {
    RaisedIn,     // by the casts of a beat that comes
    RaisedArray,  // on the way of a column that leaves the array
    RaisedOut     // by the casts of a beat that goes
  } raiser_e;
  localparam int unsigned NumRaisers = int'(RaisedOut) + 1;

  // What a transfer at the register port asks for, in its cycle.
  typedef struct packed {
    logic acquire;       // a context is taken: clear its results
    logic commit;        // the job being written enters the queue
    logic start;         // with commit: every job committed so far may run
    logic clear;         // abort the running job
    logic clear_all;     // with clear: and empty the queue
    logic clear_sticky;
    logic protocol;      // a core without the lock wrote a job
  } command_t;

  // What there is to know about one job, from ACQUIRE of its context to the next one.
  typedef struct packed {
    error_e error;
    addr_t error_addr;
    flags_t flags;
    word_t cycles;
    word_t [NumCounters-1:0] counters;
  } result_t;

  // What there is to know beside the jobs.
  typedef struct packed {
    logic [MaxContexts-1:0] busy;  // queued or running
    ctx_t running;  // or the last one
    logic [7:0] finished;
    flags_t flags;
    logic protocol;
  } status_t;

endpackage

`default_nettype wire
