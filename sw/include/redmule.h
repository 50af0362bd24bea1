// SPDX-License-Identifier: Apache-2.0
// Driver of the RedMulE accelerator: C11 (or C++), freestanding headers only, no library, no state of its own.
// A job is a plain struct; one function each for the steps acquire, configure, trigger, and one for all three.
// Registers and bits are those of redmule_regs.h, which is generated; docs/registers.md says what they do.
//
//   redmule_t acc = {.base = ACCELERATOR};
//   redmule_info_t info;
//   if (!redmule_info(&acc, &info)) return;                                    // nothing that this driver knows
//   redmule_job_t job;
//   redmule_job_init(&job, REDMULE_OP_GEMM, REDMULE_FORMAT_FP16, 96, 64, 48);  // Z = X W + Z, dense
//   job.x.address = x, job.w.address = w, job.z.address = z;
//   if (redmule_check(&info, &job) != REDMULE_ERROR_NONE) return;              // as the accelerator would say
//   int32_t context;
//   do context = redmule_submit(&acc, &job, false);
//   while (context < 0);                                                       // full, or another core writes a job
//   redmule_wait(&acc, context, NULL, NULL);
//   redmule_result_t result;
//   redmule_result(&acc, context, &result);
//
// Several cores may use one accelerator, each with a handle of its own: the lock of the accelerator keeps jobs apart,
// from redmule_acquire to redmule_trigger. What no lock keeps is a result: it is there until its context is acquired
// again, by whatever core, so read it before the queue has gone round.
#ifndef REDMULE_H
#define REDMULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redmule_regs.h"

#ifdef __cplusplus
extern "C" {
#endif

// The value of INFO.version whose registers this driver knows.
#define REDMULE_MAP_VERSION 1u

// Number of codes in redmule_cycle_t.
#define REDMULE_COUNTERS (REDMULE_CYCLE_DRAIN + 1)

// An accelerator as one core sees it. Registers are words at `base`, accessed as volatile memory. If the driver and all
// that includes this header are compiled with REDMULE_BUS_FUNCTIONS, two functions access them instead, which are told
// the full address and the core: on a simulator, behind a debugger, on a bus that is not memory.
#ifdef REDMULE_BUS_FUNCTIONS
typedef struct {
  void (*write)(void *user, uintptr_t address, uint32_t data, uint32_t core);
  uint32_t (*read)(void *user, uintptr_t address, uint32_t core);
  void *user;     // handed to both
  uint32_t core;  // requester id of this core
} redmule_bus_t;
#endif

typedef struct {
  uintptr_t base;
#ifdef REDMULE_BUS_FUNCTIONS
  redmule_bus_t bus;
#endif
} redmule_t;

// The parameters of an accelerator.
typedef struct {
  uint32_t version;
  uint32_t rows;        // L: rows of the array
  uint32_t row_len;     // H: computing elements in a row
  uint32_t pipe_regs;   // P: pipeline registers in a computing element
  uint32_t port_bits;   // payload of the memory port
  uint32_t contexts;    // jobs that can be held
  uint32_t row_groups;  // most groups the rows are split into
  uint32_t x_chunks;    // chunks in the X buffer
  uint32_t w_ahead;     // rows of W fetched ahead
  uint32_t formats;     // bit f: format code f is there
  bool transposes;      // matrices may be stored transposed
} redmule_info_t;

// A matrix in the memory of the accelerator: rows of adjacent elements, `stride` bytes from one to the next.
// Address and stride are multiples of the element size. Rows of what is only read may overlap.
typedef struct {
  uint32_t address;
  uint32_t stride;  // 0: dense
  redmule_format_t format;
} redmule_matrix_t;

// A job Z = op(X, W, Y), where X is m x n, W is n x k, Y and Z are m x k; sizes are 1 to 65535.
typedef struct {
  redmule_op_t op;
  uint32_t m, n, k;
  redmule_matrix_t x, w;
  redmule_matrix_t y;  // means something only with y_separate and an op that reads Y; else Y is Z
  redmule_matrix_t z;
  bool y_separate;
  bool y_broadcast;   // one stored row of Y serves all rows (as stored) of Z; only with y_separate
  bool saturate;      // results that overflow become the largest finite value
  bool x_trans;       // X is stored n x m
  bool w_trans;       // W is stored k x n
  bool z_trans;       // Y and Z are stored k x m
  uint32_t watchdog;  // end the job after this many cycles without a memory transfer; 0: never
} redmule_job_t;

// What redmule_acquire and redmule_submit answer if they have no context.
typedef enum {
  REDMULE_FULL = -1,    // all contexts are busy, or the accelerator drains after a clear: try again
  REDMULE_LOCKED = -2,  // another core is writing a job: try again
} redmule_denial_t;

// What redmule_soft_clear aborts.
typedef enum {
  REDMULE_CLEAR_ALL,  // the running job and the queue; gives back the lock, whoever has it
  REDMULE_CLEAR_JOB,  // the running job; the queue goes on
} redmule_clear_t;

// What is known of a job that has ended. The counters add up to the cycles.
typedef struct {
  redmule_error_t error;
  uint32_t error_address;               // of the access that failed, if error is REDMULE_ERROR_BUS
  uint32_t flags;                       // exceptions: REDMULE_RESULT_FLAGS_NX_MASK, ...
  uint32_t cycles;                      // from TRIGGER, or the end of the job before if that is later, to the end
  uint32_t counters[REDMULE_COUNTERS];  // of these, by redmule_cycle_t: steps, stalls, start, drain
} redmule_result_t;

// Called by redmule_wait as long as a job has not ended. It may sleep until the next event of this core (any event:
// what happened is looked up afterwards), provided that an event which came before it began to sleep wakes it at once;
// a job that is aborted has no event. Returning false gives up.
typedef bool (*redmule_sleep_t)(void *user);

// Raw access to a register by its offset, REDMULE_*_OFFSET.
void redmule_write(const redmule_t *acc, uint32_t offset, uint32_t data);
uint32_t redmule_read(const redmule_t *acc, uint32_t offset);

// Read the parameters. False: another version of the register map, or no accelerator at all; then do not use it.
bool redmule_info(const redmule_t *acc, redmule_info_t *info);

// A job with these sizes, this format for all matrices, and 0 or false everywhere else: Y is Z, dense, no addresses.
void redmule_job_init(redmule_job_t *job, redmule_op_t op, redmule_format_t format, uint32_t m, uint32_t n,
                      uint32_t k);

// What the accelerator will find wrong with a job before it runs: the code it would end the job with, or
// REDMULE_ERROR_NONE. It does not know the memory, so BUS and WATCHDOG are not for it to say.
redmule_error_t redmule_check(const redmule_info_t *info, const redmule_job_t *job);

// Lock a free context for the job of this core, and clear its registers and results. Returns the context, or one of
// redmule_denial_t. The lock goes with redmule_trigger; there is no other way to give it back but REDMULE_CLEAR_ALL.
int32_t redmule_acquire(const redmule_t *acc);

// Write a job into the registers that redmule_acquire has cleared. A value that has no place in its field is written as
// one that the accelerator refuses with the code that redmule_check gives.
void redmule_configure(const redmule_t *acc, const redmule_job_t *job);

// Put the job that was written into the queue, and give the lock back. Without `hold` it may run at once, and so may
// all that were held. What this core has written to memory before, the job reads.
void redmule_trigger(const redmule_t *acc, bool hold);

// The three steps above. Returns the context, or one of redmule_denial_t: then nothing has happened.
int32_t redmule_submit(const redmule_t *acc, const redmule_job_t *job, bool hold);

// Whether the job of a context (one that redmule_acquire gave) is queued or running.
bool redmule_busy(const redmule_t *acc, int32_t context);

// Wait until the job of a context has ended or was aborted; then memory shows its result. Without `sleep` it polls.
// False: `sleep` gave up. A job that is held waits for a trigger without hold, and this for the job.
bool redmule_wait(const redmule_t *acc, int32_t context, redmule_sleep_t sleep, void *user);

// Read what is left of the last job of a context. What an aborted job leaves means nothing. Other cores may read the
// results of other contexts at the same time.
void redmule_result(const redmule_t *acc, int32_t context, redmule_result_t *result);

// Jobs ended since reset, errors included, aborted jobs not: wraps at 256.
uint32_t redmule_finished(const redmule_t *acc);

// Abort. Aborted jobs leave unspecified values in Z and have no event. Until memory has answered what was under way,
// redmule_acquire answers REDMULE_FULL; the next job is not affected.
void redmule_soft_clear(const redmule_t *acc, redmule_clear_t what);

// What happened since redmule_sticky_clear: REDMULE_STICKY_NX_MASK, ..., REDMULE_STICKY_PROTOCOL_MASK.
uint32_t redmule_sticky(const redmule_t *acc);
void redmule_sticky_clear(const redmule_t *acc);

#ifdef __cplusplus
}
#endif

#endif  // REDMULE_H
