// SPDX-License-Identifier: Apache-2.0
// One program of a host (write jobs, wait for their events, read their results) played on the accelerator: once without
// a fault and recorded, then as often as wanted with one bit of a flop turned over in one cycle. A faulty run begins at
// a saved state right before its cycle. It ends when the program does, when it takes too long, or as soon as every flop,
// the host and the memory are again what they were without the fault: then nothing can differ any more.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../device/memory_port.h"
#include "Vtop.h"
#include "host.h"
#include "state.h"
#include "verilated.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Waves = VerilatedFstC;
#elif VM_TRACE
#include "verilated_vcd_c.h"
using Waves = VerilatedVcdC;
#endif

namespace faults {

constexpr std::uint64_t kResetCycles = 2;
constexpr std::uint64_t kCyclesAfter = 3;   // run on after all is as it was: assertions look back by less
constexpr std::uint64_t kLookEvery = 4;     // cycles between two comparisons of all flops
constexpr const char* kRules = "/checks/";  // where the rules of the ports stand

// How a run differs from the one without a fault.
enum Seen : std::uint32_t {
  kHang = 1 << 0,       // the program does not end
  kRefused = 1 << 1,    // the register port answers with an error, ACQUIRE with no context
  kError = 1 << 2,      // a job ends with an error code
  kFlags = 1 << 3,      // exception flags
  kCounters = 1 << 4,   // cycles and stalls that a job tells
  kBits = 1 << 5,       // of results
  kStray = 1 << 6,      // bytes of memory outside results
  kMoved = 1 << 7,      // an event comes in another cycle
  kRule = 1 << 8,       // a rule of the ports fails (rtl/checks)
  kAssertion = 1 << 9,  // another assertion fails
  kAsBefore = 1 << 10,  // all is as it was before the end of the program
};

struct Fault {
  std::uint64_t cycle;
  std::uint32_t flop, bit;
};
struct Outcome {
  std::uint64_t end_cycle, wrong_bytes, first_wrong;  // offset in memory of the first wrong byte
  std::uint32_t seen, reserved;
};

// What the assertions of the model that is being evaluated have said.
struct Assertions {
  std::uint32_t seen = 0;
  std::string first;  // the first one
};
thread_local Assertions assertions;

struct Fatal {};  // thrown where the model cannot go on

class Injector {
 public:
  Injector(std::uint8_t* memory, std::uint32_t base, std::uint32_t bytes, const std::uint8_t* is_result, const Op* program,
           std::uint32_t length, double stall, std::uint32_t latency, std::uint64_t seed, const char* waves)
      : memory_(memory), bytes_(bytes), is_result_(is_result), host_(program, length) {
    context_.randReset(2);  // flops without a reset start with seeded random bits
    context_.randSeed(static_cast<int>(seed & 0x7FFFFFFF) | 1);
#if VM_TRACE
    context_.traceEverOn(waves != nullptr);
#endif
    top_ = std::make_unique<Vtop>(&context_);
#if VM_TRACE
    if (waves != nullptr) {
      waves_ = std::make_unique<Waves>();
      top_->trace(waves_.get(), 99);
      waves_->open(waves);
    }
#else
    (void)waves;
#endif
    port_.emplace(memory, base, bytes, stall, latency, seed, port_failure_);
    assertions = {};
    top_->rst_ni = 1;
    top_->eval();  // an edge of the reset is seen only if it was high before
    top_->rst_ni = 0;
    top_->reg_req_i = 0;
    for (std::uint64_t cycle = 0; cycle < kResetCycles; ++cycle) {
      port_->drive(*top_, now_);
      evaluate(0);
      evaluate(1);
      ++now_;
    }
    top_->rst_ni = 1;
  }

  ~Injector() {
    top_->final();
#if VM_TRACE
    if (waves_) waves_->close();
#endif
  }

  // Adds a flop and returns its bits.
  std::uint32_t flop(const char* path) {
    const Flop found = find_flop(context_, path);
    if (!keeps_what_is_written(*top_, found)) throw std::runtime_error(std::string(path) + " is a copy");
    flops_.push_back(found);
    offsets_.push_back(record_bytes_);
    record_bytes_ += found.bytes();
    return found.bits();
  }

  // Plays the program without a fault and remembers every cycle of it. Returns the cycle of the end, 0 for none.
  std::uint64_t record(std::uint64_t max_cycles) {
    start_ = now_;
    while (!host_.done()) {
      if (now_ - start_ >= max_cycles || assertions.seen != 0 || host_.refused()) return 0;
      const std::size_t at = records_.size();
      records_.resize(at + record_bytes_);
      for (std::size_t i = 0; i < flops_.size(); ++i)
        std::memcpy(&records_[at + offsets_[i]], flops_[i].data, flops_[i].bytes());
      traffic_.push_back(signature());
      if (now_ == start_) take(first_);
      cycle();
    }
    end_ = now_;
    expected_ = std::make_unique<Host>(host_);
    take(last_);
    return end_;
  }

  // Plays faults, in the order of their cycles.
  void inject(const Fault* faults, Outcome* outcomes, std::uint64_t count, std::uint64_t max_cycles) {
    Snapshot here;
    put(first_);
    take(here);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i > 0) put(here);
      if (now_ < faults[i].cycle) {
        while (now_ < faults[i].cycle) cycle();
        take(here);
      }
      outcomes[i] = play(faults[i], max_cycles);
    }
    std::fflush(stdout);  // where Verilator tells of assertions
  }

  // Plays the program from its first cycle with a fault, and nothing else: for waves.
  void trace(const Fault& fault, std::uint64_t max_cycles) {
    for (const std::uint64_t limit = now_ + max_cycles; now_ < limit && !host_.done() && !host_.refused(); cycle())
      if (now_ == fault.cycle) turn_over(fault);
    std::fflush(stdout);
  }

  const Host& host() const { return host_; }
  const Host& expected() const { return *expected_; }
  const char* assertion() const { return assertions.first.c_str(); }

 private:
  // Everything that a run depends on.
  struct Snapshot {
    Saved model;
    std::vector<std::uint8_t> memory;
    std::optional<harness::MemoryPort> port;
    std::optional<Host> host;
    std::uint64_t now = 0, transfers = 0;
  };

  void take(Snapshot& snapshot) {
    snapshot.model.save(*top_);
    snapshot.memory.assign(memory_, memory_ + bytes_);
    snapshot.port.emplace(*port_);
    snapshot.host.emplace(host_);
    snapshot.now = now_;
    snapshot.transfers = transfers_;
  }

  void put(const Snapshot& snapshot) {
    snapshot.model.restore(*top_);
    std::copy(snapshot.memory.begin(), snapshot.memory.end(), memory_);
    port_.emplace(*snapshot.port);
    host_ = *snapshot.host;
    now_ = snapshot.now;
    transfers_ = snapshot.transfers;
  }

  void turn_over(const Fault& fault) {
    flops_[fault.flop].flip(fault.bit);
    settle(*top_);
  }

  Outcome play(const Fault& fault, std::uint64_t max_cycles) {
    Outcome outcome{};
    assertions = {};
    context_.assertOn(true);
    looked_at_ = fault.flop;
    std::uint64_t as_before = 0;  // the cycle in which all was as it was
    try {
      turn_over(fault);
      while (!host_.done() && !host_.refused() && now_ - start_ < max_cycles) {
        const bool told = host_.told_all();
        cycle();
        if (host_.told_all() && !told) compare_memory(outcome);  // what the host finds when it is told
        if ((assertions.seen & kRule) != 0) context_.assertOn(false);  // once is enough
        if (as_before == 0 && is_as_before()) as_before = now_;
        if (as_before != 0 && now_ - as_before >= kCyclesAfter) break;
      }
    } catch (const Fatal&) {  // the model says what happened
    }
    outcome.end_cycle = now_;
    outcome.seen |= assertions.seen;
    if (as_before != 0) {
      outcome.seen |= kAsBefore;
    } else if (host_.refused()) {
      outcome.seen |= kRefused;
    } else if (!host_.done()) {
      outcome.seen |= kHang;
    } else {
      compare_memory(outcome);
      constexpr std::array<std::uint32_t, 3> kBitOf = {kError, kFlags, kCounters};
      for (unsigned topic = 0; topic < kBitOf.size(); ++topic)
        if (!host_.tells_same(*expected_, topic)) outcome.seen |= kBitOf[topic];
      if (host_.event_cycles() != expected_->event_cycles()) outcome.seen |= kMoved;
    }
    return outcome;
  }

  // Whether flops, host and memory are what they were in this cycle without the fault. Where the last difference was is
  // the place to look first. Equal transfers on the port have left the same in memory and the same answers under way.
  bool is_as_before() {
    const std::uint64_t cycle = now_ - start_;
    if (cycle >= traffic_.size()) return false;
    const std::uint8_t* record = &records_[cycle * record_bytes_];
    const auto differs = [&](std::size_t i) {
      return std::memcmp(record + offsets_[i], flops_[i].data, flops_[i].bytes()) != 0;
    };
    if (differs(looked_at_) || cycle % kLookEvery != 0 || signature() != traffic_[cycle]) return false;
    for (std::size_t i = 0; i < flops_.size(); ++i) {
      if (differs(i)) {
        looked_at_ = i;
        return false;
      }
    }
    return true;
  }

  void compare_memory(Outcome& outcome) {
    const std::vector<std::uint8_t>& wanted = last_.memory;
    if (std::memcmp(memory_, wanted.data(), bytes_) == 0) return;
    std::uint64_t wrong = 0;
    for (std::uint32_t at = 0; at < bytes_; ++at) {
      if (memory_[at] == wanted[at]) continue;
      if (wrong++ == 0) outcome.first_wrong = at;
      outcome.seen |= is_result_[at] ? kBits : kStray;
    }
    outcome.wrong_bytes = std::max(outcome.wrong_bytes, wrong);
  }

  std::uint64_t signature() const { return mixed(transfers_, host_.signature()); }

  void cycle() {
    port_->drive(*top_, now_);
    host_.drive(*top_);
    evaluate(0);
    port_->sample(*top_);
    note_transfer();
    host_.sample(*top_, now_);
    evaluate(1);
    ++now_;
  }

  void note_transfer() {
    if (!top_->mem_req_o || !top_->mem_gnt_i) return;
    transfers_ = mixed(mixed(transfers_, now_), top_->mem_add_o);
    for (unsigned word = 0; word < harness::kWords; ++word) {
      transfers_ = mixed(transfers_, harness::lanes_of(top_->mem_be_o, word));
      if (!top_->mem_wen_o) transfers_ = mixed(transfers_, top_->mem_data_o[word]);
    }
  }

  void evaluate(int clock) {
    top_->clk_i = clock;
    top_->eval();
#if VM_TRACE
    if (waves_) waves_->dump(context_.time());
#endif
    context_.timeInc(1);
  }

  VerilatedContext context_;
  std::unique_ptr<Vtop> top_;
#if VM_TRACE
  std::unique_ptr<Waves> waves_;
#endif
  std::uint8_t* const memory_;
  const std::uint32_t bytes_;
  const std::uint8_t* const is_result_;  // for each byte of memory
  harness::Failure port_failure_;        // its rules are those of rtl/checks, which tell more
  std::optional<harness::MemoryPort> port_;
  Host host_;
  std::unique_ptr<Host> expected_;  // after the run without a fault
  std::uint64_t now_ = 0, start_ = 0, end_ = 0, transfers_ = 0;

  std::vector<Flop> flops_;
  std::vector<std::size_t> offsets_;  // of each flop in a record
  std::size_t record_bytes_ = 0, looked_at_ = 0;
  std::vector<std::uint8_t> records_;   // all flops in each cycle of the run without a fault
  std::vector<std::uint64_t> traffic_;  // signatures of host and port, likewise
  Snapshot first_, last_;
};

}  // namespace faults

void vl_stop(const char* file, int line, const char* scope) {
  auto& noted = faults::assertions;
  if (noted.first.empty()) noted.first = std::string(file) + ":" + std::to_string(line) + " " + scope;
  noted.seen |= std::strstr(file, faults::kRules) != nullptr ? faults::kRule : faults::kAssertion;
}
void vl_fatal(const char* file, int line, const char* scope, const char*) {
  vl_stop(file, line, scope);
  throw faults::Fatal{};
}

#define API __attribute__((visibility("default")))
using faults::Injector;

extern "C" {

API Injector* faults_create(std::uint8_t* memory, std::uint32_t base, std::uint32_t bytes, const std::uint8_t* is_result,
                            const faults::Op* program, std::uint32_t length, double stall, std::uint32_t latency,
                            std::uint64_t seed, const char* waves) {
  return new Injector(memory, base, bytes, is_result, program, length, stall, latency, seed, waves);
}
API void faults_destroy(Injector* injector) { delete injector; }
API std::uint32_t faults_flop(Injector* injector, const char* path) {  // its bits; 0: there is none, or only a copy
  try {
    return injector->flop(path);
  } catch (const std::runtime_error&) {
    return 0;
  }
}
API std::uint64_t faults_record(Injector* injector, std::uint64_t max_cycles) { return injector->record(max_cycles); }
API void faults_inject(Injector* injector, const faults::Fault* faults, faults::Outcome* outcomes, std::uint64_t count,
                       std::uint64_t max_cycles) {
  injector->inject(faults, outcomes, count, max_cycles);
}
API void faults_trace(Injector* injector, const faults::Fault* fault, std::uint64_t max_cycles) {
  injector->trace(*fault, max_cycles);
}
API const char* faults_assertion(const Injector* injector) { return injector->assertion(); }
API std::uint32_t faults_answers(const Injector* injector, int expected, std::uint32_t* answers, std::uint32_t capacity) {
  const auto& told = (expected ? injector->expected() : injector->host()).answers();
  const auto count = std::min<std::size_t>(capacity, told.size());
  std::copy_n(told.begin(), count, answers);
  return static_cast<std::uint32_t>(count);
}
API std::uint32_t faults_events(const Injector* injector, int expected, std::uint64_t* cycles, std::uint32_t capacity) {
  const auto& told = (expected ? injector->expected() : injector->host()).event_cycles();
  const auto count = std::min<std::size_t>(capacity, told.size());
  std::copy_n(told.begin(), count, cycles);
  return static_cast<std::uint32_t>(count);
}
API std::uint64_t faults_first_write(const Injector* injector) { return injector->expected().first_write(); }
}
