// SPDX-License-Identifier: Apache-2.0
// Drives fp_unit_top with vectors of operands. Every array has `count` elements; result i is what the outputs show
// while operands i are applied, before the clock edge that ends their cycle. As many are applied at once as the top has
// lanes. Without registers there is no need of a clock.
#include "Vtop.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

namespace {

constexpr std::size_t kLanes = sizeof(Vtop::z_o) / sizeof(std::uint16_t);
static_assert(sizeof(Vtop::a_i) == sizeof(Vtop::z_o) && sizeof(Vtop::flags_o) == kLanes);

}  // namespace

extern "C" void run(std::size_t count, bool clocked, const std::uint8_t* control, const std::uint16_t* a,
                    const std::uint16_t* b, const std::uint16_t* c, std::uint16_t* z, std::uint8_t* flags,
                    const char* waves) {
  VerilatedContext context;
#if VM_TRACE
  context.traceEverOn(true);
#endif
  Vtop top(&context);
#if VM_TRACE
  VerilatedVcdC trace;
  top.trace(&trace, 99);
  trace.open(waves);
#else
  (void)waves;
#endif
  const auto evaluate = [&] {
    top.eval();
#if VM_TRACE
    trace.dump(context.time());
    context.timeInc(1);
#endif
  };
  top.clk_i = 0;
  for (std::size_t i = 0; i < count; i += kLanes) {
    const std::size_t filled = std::min(kLanes, count - i);
    std::memcpy(&top.control_i, control + i, filled);
    std::memcpy(&top.a_i, a + i, filled * sizeof *a);
    std::memcpy(&top.b_i, b + i, filled * sizeof *b);
    std::memcpy(&top.c_i, c + i, filled * sizeof *c);
    evaluate();
    std::memcpy(z + i, &top.z_o, filled * sizeof *z);
    std::memcpy(flags + i, &top.flags_o, filled);
    if (clocked) {
      top.clk_i = 1;
      evaluate();
      top.clk_i = 0;
    }
  }
  evaluate();  // ends the last step in the waves
  top.final();
#if VM_TRACE
  trace.close();
#endif
}
