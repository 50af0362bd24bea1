// SPDX-License-Identifier: Apache-2.0
// One function over the counter: reset, then `cycles` enabled cycles; returns the count.
#include "Vtop.h"

extern "C" unsigned run(unsigned cycles) {
    VerilatedContext context;
    Vtop top(&context);
    top.eval();  // the reset has to fall after the start to be seen
    top.rst_ni = 1;
    top.eval();
    top.rst_ni = 0;
    top.eval();
    top.rst_ni = 1;
    top.en_i = 1;
    for (unsigned cycle = 0; cycle < cycles; ++cycle) {
        top.clk_i = 1;
        top.eval();
        top.clk_i = 0;
        top.eval();
    }
    return top.count_o;
}
