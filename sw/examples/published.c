// SPDX-License-Identifier: Apache-2.0
// One job through the registers that the published RedMulE has, and nothing else: Y is Z, dense rows, one format. Every
// register that is not written is 0, which means "as published".
#include "examples.h"

#define PUT(field, value) ((uint32_t)(value) << field##_SHIFT)

void published_gemm(const redmule_t *acc, uint32_t x, uint32_t w, uint32_t z, uint32_t m, uint32_t n, uint32_t k) {
  int32_t context;
  do context = redmule_acquire(acc);
  while (context < 0);
  redmule_write(acc, REDMULE_X_ADDR_OFFSET, x);
  redmule_write(acc, REDMULE_W_ADDR_OFFSET, w);
  redmule_write(acc, REDMULE_Z_ADDR_OFFSET, z);
  redmule_write(acc, REDMULE_MCFIG0_OFFSET, PUT(REDMULE_MCFIG0_M, m) | PUT(REDMULE_MCFIG0_K, k));
  redmule_write(acc, REDMULE_MCFIG1_OFFSET, PUT(REDMULE_MCFIG1_N, n));
  redmule_write(acc, REDMULE_MACFG_OFFSET,
                PUT(REDMULE_MACFG_FORMAT, REDMULE_FORMAT_FP16) | PUT(REDMULE_MACFG_OP, REDMULE_OP_GEMM));
  redmule_trigger(acc, false);
  redmule_wait(acc, context, NULL, NULL);
}
