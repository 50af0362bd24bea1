// SPDX-License-Identifier: Apache-2.0
// The examples as functions: they are compiled for the target and run in the tests, on matrices that the caller has put
// into memory.
#ifndef REDMULE_EXAMPLES_H
#define REDMULE_EXAMPLES_H

#include "redmule.h"

#ifdef __cplusplus
extern "C" {
#endif

// Z = X W + Z in FP16, dense: X is m x n, W is n x k, Z is m x k; sizes are 1 to 65535. Returns when it is done.
void published_gemm(const redmule_t *acc, uint32_t x, uint32_t w, uint32_t z, uint32_t m, uint32_t n, uint32_t k);

// Addresses of what queue_backward works on. x, w, v and bias_ones are e4m3, dy and du e5m2, the others fp16.
typedef struct {
  uint32_t dy;         // batch x outputs, dy_stride bytes from row to row: a part of a wider matrix
  uint32_t dy_stride;  //
  uint32_t x;          // batch x inputs
  uint32_t w;          // inputs x outputs
  uint32_t v;          // hidden x inputs: the layer before
  uint32_t bias_ones;  // batch ones
  uint32_t dx;         // batch x inputs
  uint32_t dw;         // inputs x outputs, added to
  uint32_t db;         // outputs, added to
  uint32_t du;         // batch x hidden, stored hidden x batch
} queue_matrices_t;

typedef struct {
  uint32_t batch, inputs, outputs, hidden;
} queue_sizes_t;

#define QUEUE_JOBS 4

// A backward pass through two layers, as QUEUE_JOBS jobs of which the last reads what the first writes:
//   dx = dy W^T        dw += x^T dy        db += 1^T dy        du = dx V^T, saturated
// Returns the first error, of redmule_check or of a job, and fills the results of jobs that ran. `sleep` and `user` are
// those of redmule_wait; if it gives up, all that is queued is aborted, and the answer is REDMULE_ERROR_WATCHDOG.
redmule_error_t queue_backward(const redmule_t *acc, const queue_matrices_t *at, const queue_sizes_t *sizes,
                               redmule_sleep_t sleep, void *user, redmule_result_t results[QUEUE_JOBS]);

#ifdef __cplusplus
}
#endif

#endif  // REDMULE_EXAMPLES_H
