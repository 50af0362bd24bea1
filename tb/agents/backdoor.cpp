// SPDX-License-Identifier: Apache-2.0
// The bytes of an array of the simulated hardware, for a test in Python (backdoor.py). The array must be public_flat_rw.
#include <cstdint>

#include "verilated.h"
#include "verilated_syms.h"

extern "C" {

std::uint8_t* backdoor_bytes(const char* scope, const char* name) {
  const VerilatedScope* found = Verilated::threadContextp()->scopeFind(scope);
  if (found == nullptr) return nullptr;
  const VerilatedVar* variable = found->varFind(name);
  return variable == nullptr ? nullptr : static_cast<std::uint8_t*>(variable->datap());
}
}
