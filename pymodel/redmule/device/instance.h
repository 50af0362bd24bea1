// SPDX-License-Identifier: Apache-2.0
// A model and its context. Where coverage is counted, a model that is done with is used again: it takes long to name the
// points of a new one, and the counts go on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "Vtop.h"
#include "verilated.h"
#if VM_COVERAGE
#include "verilated_cov.h"
#endif

namespace harness {

struct Instance {
  Instance(std::uint64_t seed, bool traced) {
    context.randReset(2);  // flops without a reset start with seeded random bits
    context.randSeed(static_cast<int>(seed & 0x7FFFFFFF) | 1);
#if VM_TRACE
    context.traceEverOn(traced);
#else
    (void)traced;
#endif
    top = std::make_unique<Vtop>(&context);
  }

  VerilatedContext context;
  std::unique_ptr<Vtop> top;
  bool broken = false;  // it stopped in the midst of an evaluation
};

#if VM_COVERAGE && !VM_TRACE  // a waveform belongs to one simulation

inline std::vector<std::unique_ptr<Instance>>& all_instances() {
  static std::vector<std::unique_ptr<Instance>> instances;
  return instances;
}
inline std::vector<Instance*>& free_instances() {
  static std::vector<Instance*> instances;
  return instances;
}

struct GiveBack {
  void operator()(Instance* instance) const {
    if (!instance->broken) free_instances().push_back(instance);
  }
};
using Held = std::unique_ptr<Instance, GiveBack>;

inline Held take_instance(std::uint64_t seed, bool traced) {
  auto& free = free_instances();
  if (free.empty()) {
    all_instances().push_back(std::make_unique<Instance>(seed, traced));
    return Held(all_instances().back().get());
  }
  Held instance(free.back());
  free.pop_back();
  return instance;
}
inline void end_instance(Instance&) {}
inline void write_coverage(const std::string& prefix) {
  unsigned number = 0;
  for (const auto& instance : all_instances())
    instance->context.coveragep()->write(prefix + std::to_string(number++) + ".dat");
}

#else

using Held = std::unique_ptr<Instance>;

inline Held take_instance(std::uint64_t seed, bool traced) { return std::make_unique<Instance>(seed, traced); }
inline void end_instance(Instance& instance) { instance.top->final(); }
inline void write_coverage(const std::string&) {}

#endif

}  // namespace harness
