// SPDX-License-Identifier: Apache-2.0
// The state of a Verilated model: its flops by name, one of their bits turned over between two evaluations, all of it
// kept and brought back.
//
// Verilator computes what follows from a flop when the flop is clocked, and not again before the next edge. So whoever
// writes a flop has to let the model settle: `settle` runs the code by which it starts, which computes all
// combinational logic from flops and inputs and touches no flop. A bit that is turned over and settled before the low
// phase of a clock is wrong in the whole of that cycle.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "Vtop.h"
#include "Vtop___024root.h"
#include "verilated_save.h"
#include "verilated_syms.h"

bool Vtop___024root___eval_stl(Vtop___024root* root, CData first_iteration);  // generated; declared in no header

namespace faults {

inline void settle([[maybe_unused]] Vtop& top) {
#ifndef FAULTS_UNSETTLED  // where Verilator knows that flops may be written at any time: to compare with
  for (bool first = true; Vtop___024root___eval_stl(top.rootp, first); first = false) {
  }
#endif
}

// A variable of the RTL as Verilator stores it: elements of an unpacked array one after the other, each in whole bytes.
struct Flop {
  std::uint8_t* data;
  std::uint32_t elements, element_bits, element_bytes;

  std::uint32_t bytes() const { return elements * element_bytes; }
  std::uint32_t bits() const { return elements * element_bits; }
  // Turns a bit over, counted from bit 0 of element 0.
  void flip(std::uint32_t bit) const {
    const std::uint32_t at = bit % element_bits;
    data[bit / element_bits * element_bytes + at / 8] ^= static_cast<std::uint8_t>(1u << at % 8);
  }
};

// Whether a variable is the flop itself and no copy that Verilator makes of it: then bits that are turned over stay so.
inline bool keeps_what_is_written(Vtop& top, const Flop& flop) {
  const auto turn_all = [&] {
    for (std::uint32_t bit = 0; bit < flop.bits(); ++bit) flop.flip(bit);
    settle(top);
  };
  const std::vector<std::uint8_t> before(flop.data, flop.data + flop.bytes());
  turn_all();
  const std::vector<std::uint8_t> inverted(flop.data, flop.data + flop.bytes());
  turn_all();
  Flop mirror = flop;
  std::vector<std::uint8_t> expected = before;
  mirror.data = expected.data();
  for (std::uint32_t bit = 0; bit < flop.bits(); ++bit) mirror.flip(bit);
  return inverted == expected && std::equal(before.begin(), before.end(), flop.data);
}

// The variable at a path, scopes with dots, that the model was built to show.
inline Flop find_flop(VerilatedContext& context, const std::string& path) {
  const auto dot = path.rfind('.');
  const auto* scope = context.scopeFind(path.substr(0, dot).c_str());
  const VerilatedVar* variable = scope == nullptr ? nullptr : scope->varFind(path.substr(dot + 1).c_str());
  if (variable == nullptr) throw std::runtime_error("no flop " + path + " in the model");
  std::uint32_t elements = 1;
  for (const auto& range : variable->unpackedRanges()) elements *= static_cast<std::uint32_t>(range.elements());
  return {static_cast<std::uint8_t*>(variable->datap()), elements, variable->entBits(),
          static_cast<std::uint32_t>(variable->totalSize()) / elements};
}

// Everything that a model remembers.
class Saved {
 public:
  void save(Vtop& top) {
    Writer writer(bytes_);
    writer << top;
    writer.finish();
  }
  void restore(Vtop& top) const {
    Reader reader(bytes_);
    reader >> top;
  }

 private:
  class Writer final : public VerilatedSerialize {
   public:
    explicit Writer(std::vector<std::uint8_t>& bytes) : bytes_(bytes) { bytes_.clear(); }
    void flush() override {
      bytes_.insert(bytes_.end(), m_bufp, m_cp);
      m_cp = m_bufp;
    }
    void finish() {
      flush();
      bytes_.resize(bytes_.size() + bufferInsertSize());  // a reader asks for more when it has less than this left
    }

   private:
    std::vector<std::uint8_t>& bytes_;
  };
  class Reader final : public VerilatedDeserialize {
   public:
    explicit Reader(const std::vector<std::uint8_t>& bytes) {  // reads where they are
      m_cp = const_cast<std::uint8_t*>(bytes.data());
      m_endp = m_cp + bytes.size();
    }
    void fill() override { throw std::logic_error("the model reads more than it has written"); }
  };

  std::vector<std::uint8_t> bytes_;
};

}  // namespace faults
