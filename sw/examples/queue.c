// SPDX-License-Identifier: Apache-2.0
// Queued jobs with formats, strides and transposes of their own. The accelerator sees by itself which job has to wait
// for which; no matrix is copied or turned by software.
#include "examples.h"

static void layer_jobs(redmule_job_t job[QUEUE_JOBS], const queue_matrices_t *at, const queue_sizes_t *sizes) {
  const redmule_matrix_t dy = {at->dy, at->dy_stride, REDMULE_FORMAT_E5M2};

  // dx (batch x inputs) = dy W^T: W lies as inputs x outputs, which is the transpose of what this job multiplies by.
  redmule_job_init(&job[0], REDMULE_OP_MATMUL, REDMULE_FORMAT_FP16, sizes->batch, sizes->outputs, sizes->inputs);
  job[0].x = dy;
  job[0].w.address = at->w;
  job[0].w.format = REDMULE_FORMAT_E4M3;
  job[0].w_trans = true;
  job[0].z.address = at->dx;

  // dw (inputs x outputs) += x^T dy, in place.
  redmule_job_init(&job[1], REDMULE_OP_GEMM, REDMULE_FORMAT_FP16, sizes->inputs, sizes->batch, sizes->outputs);
  job[1].x.address = at->x;
  job[1].x.format = REDMULE_FORMAT_E4M3;
  job[1].x_trans = true;
  job[1].w = dy;
  job[1].z.address = at->dw;

  // db (1 x outputs) += 1^T dy, in place. The row groups make up for the single row.
  redmule_job_init(&job[2], REDMULE_OP_GEMM, REDMULE_FORMAT_FP16, 1, sizes->batch, sizes->outputs);
  job[2].x.address = at->bias_ones;
  job[2].x.format = REDMULE_FORMAT_E4M3;
  job[2].w = dy;
  job[2].z.address = at->db;

  // du (batch x hidden) = dx V^T, stored by columns for a job that will read it so; too large a gradient is clipped.
  redmule_job_init(&job[3], REDMULE_OP_MATMUL, REDMULE_FORMAT_FP16, sizes->batch, sizes->inputs, sizes->hidden);
  job[3].x.address = at->dx;
  job[3].w.address = at->v;
  job[3].w.format = REDMULE_FORMAT_E4M3;
  job[3].w_trans = true;
  job[3].z.address = at->du;
  job[3].z.format = REDMULE_FORMAT_E5M2;
  job[3].z_trans = true;
  job[3].saturate = true;
}

redmule_error_t queue_backward(const redmule_t *acc, const queue_matrices_t *at, const queue_sizes_t *sizes,
                               redmule_sleep_t sleep, void *user, redmule_result_t results[QUEUE_JOBS]) {
  redmule_info_t info;
  redmule_job_t job[QUEUE_JOBS];
  int32_t context[QUEUE_JOBS];
  if (!redmule_info(acc, &info)) return REDMULE_ERROR_UNSUPPORTED;
  layer_jobs(job, at, sizes);
  for (uint32_t i = 0; i < QUEUE_JOBS; ++i) {
    const redmule_error_t error = redmule_check(&info, &job[i]);
    if (error != REDMULE_ERROR_NONE) return error;
  }

  // Submit as long as there is a context whose result has been read, else wait for the oldest job.
  redmule_error_t first = REDMULE_ERROR_NONE;
  for (uint32_t submitted = 0, ended = 0; ended < QUEUE_JOBS;) {
    if (submitted < QUEUE_JOBS && submitted - ended < info.contexts) {
      context[submitted] = redmule_submit(acc, &job[submitted], false);
      if (context[submitted] >= 0) ++submitted;
      continue;  // else other cores have the queue, or are about to: it will be free
    }
    if (!redmule_wait(acc, context[ended], sleep, user)) {
      redmule_soft_clear(acc, REDMULE_CLEAR_ALL);
      return REDMULE_ERROR_WATCHDOG;
    }
    redmule_result(acc, context[ended], &results[ended]);
    if (first == REDMULE_ERROR_NONE) first = results[ended].error;
    ++ended;
  }
  return first;
}
