// SPDX-License-Identifier: Apache-2.0
// The memories of the cluster: arrays of the model, in the order of their bytes. The accelerator's port is inside, so
// there is nothing to drive.
#pragma once

#include <cstdint>

#include "Vtop.h"
#include "Vtop___024root.h"
#include "failure.h"

namespace harness {

constexpr unsigned kWordBytes = 4;

class MemoryPort {
 public:
  MemoryPort(std::uint8_t*, std::uint32_t, std::uint32_t, double, std::uint32_t, std::uint64_t, Failure&) {}
  const std::uint8_t* permissions = nullptr;
  bool error_armed = false;
  std::uint32_t error_address = 0;
  void reset() {}
  void drive(Vtop&, std::uint64_t) {}
  void sample(const Vtop&) {}
};

inline std::uint8_t* tcdm(Vtop& top) {
  return reinterpret_cast<std::uint8_t*>(&top.rootp->pulp_cluster_stub__DOT__u_interconnect__DOT__u_tcdm__DOT__mem_q);
}
inline std::uint8_t* l2(Vtop& top) {
  return reinterpret_cast<std::uint8_t*>(&top.rootp->pulp_cluster_stub__DOT__u_l2__DOT__mem_q);
}

}  // namespace harness
