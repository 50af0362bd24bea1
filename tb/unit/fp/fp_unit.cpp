// SPDX-License-Identifier: Apache-2.0
// Drives fp_unit_top with vectors of operands. Every array has `count` elements; result i is what the outputs show
// while operands i are applied, before the clock edge that ends their cycle.
#include "Vtop.h"

#include <cstddef>
#include <cstdint>

extern "C" void run(size_t count, const uint8_t* control, const uint16_t* a, const uint16_t* b, const uint16_t* c,
                    uint16_t* z, uint8_t* flags) {
    VerilatedContext context;
    Vtop top(&context);
    for (size_t i = 0; i < count; ++i) {
        top.control_i = control[i];
        top.a_i = a[i];
        top.b_i = b[i];
        top.c_i = c[i];
        top.clk_i = 0;
        top.eval();
        z[i] = top.z_o;
        flags[i] = top.flags_o;
        top.clk_i = 1;
        top.eval();
    }
    top.final();
}
