// SPDX-License-Identifier: Apache-2.0
// The driver of redmule.h. Every shift and mask is one of redmule_regs.h; the order of redmule_check is that of
// rtl/control/redmule_job_decode.sv.
#include "redmule.h"

#include <stdatomic.h>

// A field of a register, by the name that redmule_regs.h has for it.
#define MOST(field) (field##_MASK >> field##_SHIFT)
#define GET(field, word) (((word) & field##_MASK) >> field##_SHIFT)
#define PUT(field, value) (((uint32_t)(value) << field##_SHIFT) & field##_MASK)
#define FITS(field, value) ((uint32_t)(value) <= MOST(field))

// Memory accesses of this core that come before it in the program are done before register accesses that come behind
// it, and the other way round. The fence of C11 alone says nothing about devices.
static void order_memory(void) {
#ifdef __riscv
  __asm__ volatile("fence iorw, iorw" ::: "memory");
#else
  atomic_thread_fence(memory_order_seq_cst);
#endif
}

void redmule_write(const redmule_t *acc, uint32_t offset, uint32_t data) {
#ifdef REDMULE_BUS_FUNCTIONS
  acc->bus.write(acc->bus.user, acc->base + offset, data, acc->bus.core);
#else
  *(volatile uint32_t *)(acc->base + offset) = data;
#endif
}

uint32_t redmule_read(const redmule_t *acc, uint32_t offset) {
#ifdef REDMULE_BUS_FUNCTIONS
  return acc->bus.read(acc->bus.user, acc->base + offset, acc->bus.core);
#else
  return *(const volatile uint32_t *)(acc->base + offset);
#endif
}

bool redmule_info(const redmule_t *acc, redmule_info_t *info) {
  const uint32_t word = redmule_read(acc, REDMULE_INFO_OFFSET);
  const uint32_t more = redmule_read(acc, REDMULE_INFO2_OFFSET);
  info->version = GET(REDMULE_INFO_VERSION, word);
  info->rows = GET(REDMULE_INFO_ROWS, word);
  info->row_len = GET(REDMULE_INFO_ROW_LEN, word);
  info->pipe_regs = GET(REDMULE_INFO_PIPE_REGS, word);
  info->port_bits = UINT32_C(1) << GET(REDMULE_INFO_LOG2_PORT, word);
  info->contexts = GET(REDMULE_INFO_CONTEXTS, word);
  info->row_groups = UINT32_C(1) << GET(REDMULE_INFO_LOG2_GROUPS, word);
  info->x_chunks = GET(REDMULE_INFO2_X_CHUNKS, more);
  info->w_ahead = GET(REDMULE_INFO2_W_AHEAD, more);
  info->formats = GET(REDMULE_INFO_FORMATS, word);
  info->transposes = GET(REDMULE_INFO2_TRANSPOSES, more) != 0;
  return info->version == REDMULE_MAP_VERSION;
}

// Written field by field: an initialiser of the whole may become a call of memset.
static void matrix_init(redmule_matrix_t *matrix, redmule_format_t format) {
  matrix->address = 0;
  matrix->stride = 0;
  matrix->format = format;
}

void redmule_job_init(redmule_job_t *job, redmule_op_t op, redmule_format_t format, uint32_t m, uint32_t n,
                      uint32_t k) {
  job->op = op;
  job->m = m;
  job->n = n;
  job->k = k;
  matrix_init(&job->x, format);
  matrix_init(&job->w, format);
  matrix_init(&job->y, format);
  matrix_init(&job->z, format);
  job->y_separate = false;
  job->y_broadcast = false;
  job->saturate = false;
  job->x_trans = false;
  job->w_trans = false;
  job->z_trans = false;
  job->watchdog = 0;
}

static bool reads_y(const redmule_job_t *job) {
  return job->op != REDMULE_OP_MATMUL;
}

// The format of Y where it matters, else that of Z, which stands for "no other one".
static redmule_format_t y_format(const redmule_job_t *job) {
  return reads_y(job) && job->y_separate ? job->y.format : job->z.format;
}

// A matrix as redmule_check sees it: the stride resolved, rows as stored.
typedef struct {
  uint32_t address, stride, rows, row_bytes, element_bytes;
} stored_t;

static stored_t stored(const redmule_matrix_t *matrix, uint32_t rows, uint32_t cols, bool trans) {
  const bool wide = matrix->format == REDMULE_FORMAT_FP16 || matrix->format == REDMULE_FORMAT_BF16;
  stored_t as;
  as.element_bytes = wide ? 2 : 1;
  as.address = matrix->address;
  as.rows = trans ? cols : rows;
  as.row_bytes = (trans ? rows : cols) * as.element_bytes;
  as.stride = matrix->stride == 0 ? as.row_bytes : matrix->stride;
  return as;
}

static bool known(const redmule_info_t *info, redmule_format_t format) {
  return FITS(REDMULE_MACFG_FORMAT, format) && (info->formats >> (uint32_t)format & 1u) != 0;
}

static bool aligned(const stored_t *as) {
  return ((as->address | as->stride) & (as->element_bytes - 1u)) == 0;
}

static bool ends_in_memory(const stored_t *as) {
  const uint64_t last_row = as->address + (uint64_t)as->stride * (as->rows - 1u);
  return last_row + as->row_bytes - 1u <= UINT32_MAX;
}

redmule_error_t redmule_check(const redmule_info_t *info, const redmule_job_t *job) {
  const bool own_y = reads_y(job) && job->y_separate;
  if (job->m == 0 || job->n == 0 || job->k == 0) return REDMULE_ERROR_SIZE;
  if (!FITS(REDMULE_MCFIG0_M, job->m) || !FITS(REDMULE_MCFIG1_N, job->n) || !FITS(REDMULE_MCFIG0_K, job->k))
    return REDMULE_ERROR_SIZE;
  if (!FITS(REDMULE_MACFG_OP, job->op)) return REDMULE_ERROR_FORMAT;
  if (!known(info, job->x.format) || !known(info, job->w.format) || !known(info, y_format(job)) ||
      !known(info, job->z.format))
    return REDMULE_ERROR_FORMAT;

  // Without the mechanism a transpose means nothing to the other checks.
  const stored_t x = stored(&job->x, job->m, job->n, job->x_trans && info->transposes);
  const stored_t w = stored(&job->w, job->n, job->k, job->w_trans && info->transposes);
  const stored_t z = stored(&job->z, job->m, job->k, job->z_trans && info->transposes);
  stored_t y = z;
  if (own_y) y = stored(&job->y, job->m, job->k, job->z_trans && info->transposes);
  if (own_y && job->y_broadcast) {
    y.rows = 1;
    y.stride = 0;
  }
  if (!aligned(&x) || !aligned(&w) || !aligned(&y) || !aligned(&z)) return REDMULE_ERROR_ALIGN;
  if (z.stride < z.row_bytes) return REDMULE_ERROR_STRIDE;
  if (!ends_in_memory(&x) || !ends_in_memory(&w) || !ends_in_memory(&y) || !ends_in_memory(&z))
    return REDMULE_ERROR_EXTENT;
  if (reads_y(job) && !job->y_separate && job->y_broadcast) return REDMULE_ERROR_IN_PLACE;
  if (!info->transposes && (job->x_trans || job->w_trans || job->z_trans)) return REDMULE_ERROR_UNSUPPORTED;
  return REDMULE_ERROR_NONE;
}

int32_t redmule_acquire(const redmule_t *acc) {
  return (int32_t)redmule_read(acc, REDMULE_ACQUIRE_OFFSET);
}

// The highest code of the field stands for all that have no place in it: no format has it.
static uint32_t format_code(redmule_format_t format) {
  return FITS(REDMULE_MACFG_FORMAT, format) ? (uint32_t)format : MOST(REDMULE_MACFG_FORMAT);
}

static uint32_t ext_of(const redmule_job_t *job) {
  const uint32_t x = format_code(job->x.format), w = format_code(job->w.format);
  const uint32_t y = format_code(y_format(job)), z = format_code(job->z.format);
  uint32_t ext = PUT(REDMULE_EXT_Y_SEPARATE, job->y_separate) | PUT(REDMULE_EXT_Y_BROADCAST, job->y_broadcast) |
                 PUT(REDMULE_EXT_SATURATE, job->saturate) | PUT(REDMULE_EXT_X_TRANS, job->x_trans) |
                 PUT(REDMULE_EXT_W_TRANS, job->w_trans) | PUT(REDMULE_EXT_Z_TRANS, job->z_trans);
  if (w != x || y != x || z != x)
    ext |= PUT(REDMULE_EXT_OWN_FORMATS, true) | PUT(REDMULE_EXT_X_FORMAT, x) | PUT(REDMULE_EXT_W_FORMAT, w) |
           PUT(REDMULE_EXT_Y_FORMAT, y) | PUT(REDMULE_EXT_Z_FORMAT, z);
  return ext;
}

// A register that the published RedMulE does not have: redmule_acquire has left it 0.
static void write_extra(const redmule_t *acc, uint32_t offset, uint32_t data) {
  if (data != 0) redmule_write(acc, offset, data);
}

void redmule_configure(const redmule_t *acc, const redmule_job_t *job) {
  const bool op_fits = FITS(REDMULE_MACFG_OP, job->op);
  const uint32_t m = FITS(REDMULE_MCFIG0_M, job->m) ? job->m : 0;
  const uint32_t n = FITS(REDMULE_MCFIG1_N, job->n) ? job->n : 0;
  const uint32_t k = FITS(REDMULE_MCFIG0_K, job->k) ? job->k : 0;
  const uint32_t format = op_fits ? format_code(job->x.format) : MOST(REDMULE_MACFG_FORMAT);
  const uint32_t op = op_fits ? (uint32_t)job->op : 0;
  redmule_write(acc, REDMULE_X_ADDR_OFFSET, job->x.address);
  redmule_write(acc, REDMULE_W_ADDR_OFFSET, job->w.address);
  redmule_write(acc, REDMULE_Z_ADDR_OFFSET, job->z.address);
  redmule_write(acc, REDMULE_MCFIG0_OFFSET, PUT(REDMULE_MCFIG0_M, m) | PUT(REDMULE_MCFIG0_K, k));
  redmule_write(acc, REDMULE_MCFIG1_OFFSET, PUT(REDMULE_MCFIG1_N, n));
  redmule_write(acc, REDMULE_MACFG_OFFSET, PUT(REDMULE_MACFG_FORMAT, format) | PUT(REDMULE_MACFG_OP, op));
  if (job->y_separate) {
    write_extra(acc, REDMULE_Y_ADDR_OFFSET, job->y.address);
    write_extra(acc, REDMULE_Y_STRIDE_OFFSET, job->y.stride);
  }
  write_extra(acc, REDMULE_X_STRIDE_OFFSET, job->x.stride);
  write_extra(acc, REDMULE_W_STRIDE_OFFSET, job->w.stride);
  write_extra(acc, REDMULE_Z_STRIDE_OFFSET, job->z.stride);
  write_extra(acc, REDMULE_EXT_OFFSET, op_fits ? ext_of(job) : 0);
  write_extra(acc, REDMULE_WATCHDOG_OFFSET, job->watchdog);
}

void redmule_trigger(const redmule_t *acc, bool hold) {
  order_memory();
  redmule_write(acc, REDMULE_TRIGGER_OFFSET, PUT(REDMULE_TRIGGER_HOLD, hold));
}

int32_t redmule_submit(const redmule_t *acc, const redmule_job_t *job, bool hold) {
  const int32_t context = redmule_acquire(acc);
  if (context >= 0) {
    redmule_configure(acc, job);
    redmule_trigger(acc, hold);
  }
  return context;
}

bool redmule_busy(const redmule_t *acc, int32_t context) {
  const uint32_t distance = REDMULE_STATUS_BUSY1_SHIFT - REDMULE_STATUS_BUSY0_SHIFT;
  const uint32_t status = redmule_read(acc, REDMULE_STATUS_OFFSET);
  return GET(REDMULE_STATUS_BUSY0, status >> ((uint32_t)context * distance)) != 0;
}

bool redmule_wait(const redmule_t *acc, int32_t context, redmule_sleep_t sleep, void *user) {
  while (redmule_busy(acc, context)) {
    if (sleep != NULL && !sleep(user)) return false;
  }
  order_memory();
  return true;
}

// A result register of a context. The selection is shared by all cores: it must still be there after the read.
static uint32_t read_result(const redmule_t *acc, int32_t context, uint32_t counter, uint32_t offset) {
  const uint32_t select = PUT(REDMULE_RESULT_SEL_CTX, context) | PUT(REDMULE_RESULT_SEL_COUNTER, counter);
  uint32_t data;
  do {
    redmule_write(acc, REDMULE_RESULT_SEL_OFFSET, select);
    data = redmule_read(acc, offset);
  } while (redmule_read(acc, REDMULE_RESULT_SEL_OFFSET) != select);
  return data;
}

void redmule_result(const redmule_t *acc, int32_t context, redmule_result_t *result) {
  for (uint32_t counter = 0; counter < REDMULE_COUNTERS; ++counter)
    result->counters[counter] =
        GET(REDMULE_RESULT_COUNTER_CYCLES, read_result(acc, context, counter, REDMULE_RESULT_COUNTER_OFFSET));
  const uint32_t error = read_result(acc, context, 0, REDMULE_RESULT_ERROR_OFFSET);
  result->error = (redmule_error_t)GET(REDMULE_RESULT_ERROR_ERROR, error);
  result->error_address = read_result(acc, context, 0, REDMULE_RESULT_ERROR_ADDR_OFFSET);
  result->flags = read_result(acc, context, 0, REDMULE_RESULT_FLAGS_OFFSET);
  result->cycles = read_result(acc, context, 0, REDMULE_RESULT_CYCLES_OFFSET);
}

uint32_t redmule_finished(const redmule_t *acc) {
  return GET(REDMULE_FINISHED_COUNT, redmule_read(acc, REDMULE_FINISHED_OFFSET));
}

void redmule_soft_clear(const redmule_t *acc, redmule_clear_t what) {
  redmule_write(acc, REDMULE_SOFT_CLEAR_OFFSET, PUT(REDMULE_SOFT_CLEAR_KEEP_QUEUE, what == REDMULE_CLEAR_JOB));
}

uint32_t redmule_sticky(const redmule_t *acc) {
  return redmule_read(acc, REDMULE_STICKY_OFFSET);
}

void redmule_sticky_clear(const redmule_t *acc) {
  redmule_write(acc, REDMULE_STICKY_OFFSET, 0);
}
