// SPDX-License-Identifier: Apache-2.0
// Runs a netlist with the input words of a file, one a cycle, and writes the transitions of its nets as SAIF.
// Arguments: file of words (hexadecimal, one a line), file of SAIF, first cycle that is looked at.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "Vtop.h"
#include "verilated.h"
#include "verilated_saif_c.h"

int main(int argc, char** argv) {
    if (argc != 4) return EXIT_FAILURE;
    VerilatedContext context;
    context.traceEverOn(true);
    Vtop top(&context);
    VerilatedSaifC saif;
    top.trace(&saif, 99);
    saif.open(argv[2]);
    const std::unique_ptr<FILE, int (*)(FILE*)> words(std::fopen(argv[1], "r"), std::fclose);
    if (!words) return EXIT_FAILURE;
    const unsigned long first = std::strtoul(argv[3], nullptr, 10);
    uint64_t word = 0;
    for (unsigned long cycle = 0; std::fscanf(words.get(), "%" SCNx64, &word) == 1; ++cycle) {
        // Registers take the values of the cycle before, then the inputs change; only what settles is looked at.
        top.clk_i = 1;
        top.eval();
        top.in_i = word;
        top.eval();
        top.clk_i = 0;
        top.eval();
        if (cycle >= first) saif.dump(cycle);
    }
    saif.close();
    return EXIT_SUCCESS;
}
