// SPDX-License-Identifier: Apache-2.0
// The cells of fault_cells.sv, played for some cycles with faults in one of them.
#include <cstdint>

#include "../../redmule/faults/state.h"

namespace {
bool failed;  // an assertion
}
void vl_stop(const char*, int, const char*) { failed = true; }

struct Cycle {
  std::uint64_t shift, count, parity, held, taken, ring_low, ring_high;
};

// Turns a bit over in a cycle, `times` times; before the cycle `detour` cycles are played and taken back. Returns
// whether an assertion failed, or -1 if there is no such flop, or only a copy of it.
extern "C" int play(const char* path, unsigned bit, unsigned at, unsigned times, unsigned detour, Cycle* seen,
                    unsigned cycles) {
  VerilatedContext context;
  Vtop top(&context);
  failed = false;
  top.clk_i = 0;
  top.rst_ni = 1;
  top.eval();
  top.rst_ni = 0;
  const auto edge = [&] {
    top.clk_i = 1;
    top.eval();
    top.clk_i = 0;
    top.eval();
  };
  edge();
  top.rst_ni = 1;
  top.eval();
  const auto inputs = [&](unsigned cycle) {
    top.data_i = (5 * cycle + cycle / 3) & 0xF;
    top.en_i = cycle % 4 == 0;
    top.eval();
  };
  faults::Flop flop{};
  try {
    flop = faults::find_flop(context, path);
  } catch (const std::runtime_error&) {
    return -1;
  }
  if (!faults::keeps_what_is_written(top, flop)) return -1;
  for (unsigned cycle = 0; cycle < cycles; ++cycle) {
    if (cycle == at) {
      faults::Saved saved;
      saved.save(top);
      for (unsigned i = 0; i < detour; ++i) {
        flop.flip(i % flop.bits());
        faults::settle(top);
        inputs(i);
        edge();
      }
      if (detour > 0) saved.restore(top);
      failed = false;
      for (unsigned i = 0; i < times; ++i) {
        flop.flip(bit);
        faults::settle(top);
      }
    }
    inputs(cycle);
    seen[cycle] = {top.shift_o, top.count_o, top.parity_o, top.held_o, top.taken_o,
                   top.ring_o[0] | std::uint64_t{top.ring_o[1]} << 32, top.ring_o[2]};
    edge();
  }
  top.final();
  return failed;
}
