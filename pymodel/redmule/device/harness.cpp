// SPDX-License-Identifier: Apache-2.0
// The accelerator, or the cluster around it (REDMULE_CLUSTER), in a test bench, as a C library: clock and reset, a memory
// behind the accelerator's memory port, one requester at the register port, a log of triggers and events, and the rules
// of both ports, checked in every cycle. The cluster has its memories inside.
//
// A cycle is two evaluations. With the clock low the inputs of this cycle are set and every output is read, also those
// that follow an input combinationally (events); then the clock rises. The memory is a buffer of the caller.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "Vtop.h"
#ifdef REDMULE_CLUSTER
#include "cluster_memory.h"
#else
#include "memory_port.h"
#endif
#include "instance.h"
#include "verilated.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Waves = VerilatedFstC;
#elif VM_TRACE
#include "verilated_vcd_c.h"
using Waves = VerilatedVcdC;
#endif

namespace {

using Events = std::remove_reference_t<decltype(Vtop::event_o)>;

constexpr unsigned kLines = 8 * sizeof(Events);  // of events: at least as many as there are
constexpr std::uint64_t kResetCycles = 2;
constexpr std::uint64_t kRegisterPatience = 100000;  // cycles a register access may take
constexpr std::uint32_t kTriggerOffset = 0;
constexpr std::uint32_t kOffsetMask = 0xFF, kAcceleratorsEnd = 0x800;  // registers of one accelerator; of all of them

enum Status { kDone = 0, kTimeout = 1, kFailed = 2, kRegisterError = 3 };
enum LogKind : std::uint32_t { kLogTrigger = 0, kLogEvent = 1 };

struct LogEntry {
  std::uint64_t cycle;
  std::uint32_t kind;
  std::uint32_t line;  // of the event; for a trigger the core
};

thread_local std::string stop_message;  // where the model stopped: a failed assertion, $error, $fatal

struct Fatal {};  // thrown where the model cannot go on

}  // namespace

void vl_stop(const char* file, int line, const char* scope) {
  stop_message = std::string("assertion failed at ") + file + ":" + std::to_string(line) + " " + scope;
}
void vl_fatal(const char* file, int line, const char* scope, const char* message) {
  stop_message = std::string(message) + " at " + file + ":" + std::to_string(line) + " " + scope;
  throw Fatal{};
}

struct Harness {
 private:
  harness::Failure failure_;

 public:
  Harness(std::uint8_t* memory, std::uint32_t base, std::uint32_t bytes, double stall, std::uint32_t extra_latency,
          std::uint64_t seed, const char* waves)
      : port(memory, base, bytes, stall, extra_latency, seed, failure_),
        instance_(harness::take_instance(seed, waves != nullptr)),
        context_(instance_->context),
        top_(instance_->top.get()) {
#if VM_TRACE
    if (waves != nullptr) {
      waves_ = std::make_unique<Waves>();
      top_->trace(waves_.get(), 99);
      waves_->open(waves);
    }
#else
    (void)waves;
#endif
    stop_message.clear();
    top_->rst_ni = 1;
    top_->eval();  // an edge of the reset is seen only if it was high before
    reset();
  }

  // The end of the simulation; what the memories hold stays.
  void end() {
    if (ended_) return;
    ended_ = true;
    harness::end_instance(*instance_);
#if VM_TRACE
    if (waves_) waves_->close();
#endif
  }

  ~Harness() { end(); }

#ifdef REDMULE_CLUSTER
  std::uint8_t* tcdm() { return harness::tcdm(*top_); }
  std::uint8_t* l2() { return harness::l2(*top_); }
#endif

  Status step(std::uint64_t cycles) {
    for (; cycles > 0 && !failure_.noted(); --cycles) cycle();
    return failure_.noted() ? kFailed : kDone;
  }

  // Run until one of the event lines has had as many events as is said beside it.
  Status run(const std::uint32_t* lines, const std::uint64_t* events, unsigned count, std::uint64_t max_cycles) {
    const auto reached = [&] {
      for (unsigned i = 0; i < count; ++i)
        if (event_count(lines[i]) >= events[i]) return true;
      return false;
    };
    while (!reached()) {
      if (failure_.noted()) return kFailed;
      if (max_cycles-- == 0) return kTimeout;
      cycle();
    }
    return failure_.noted() ? kFailed : kDone;
  }

  Status access(bool read, std::uint32_t address, std::uint32_t data, std::uint32_t core, std::uint32_t* result) {
    while (request_.active || answers_due_ > 0) {  // a scheduled write has the port
      if (failure_.noted()) return kFailed;
      cycle();
    }
    request_ = {true, read, address, data, core};
    answered_ = false;
    for (std::uint64_t patience = kRegisterPatience; !answered_; --patience) {
      if (patience == 0) failure_.note(now_, "register port: no answer to the access at 0x%x", address);
      if (failure_.noted()) return kFailed;
      cycle();
    }
    if (result != nullptr) *result = answer_;
    if (failure_.noted()) return kFailed;
    return answer_error_ ? kRegisterError : kDone;
  }

  void reset() {
    reset_left_ = kResetCycles;
    step(kResetCycles);
  }

  // Set by the C interface below.
  harness::MemoryPort port;
  struct Planned {
    std::uint64_t cycle;
    std::uint32_t address, data, core;
  };
  std::vector<Planned> planned_writes;  // by cycle, soonest first
  std::vector<std::uint64_t> planned_resets;
  std::vector<LogEntry> log;

  std::uint64_t now() const { return now_; }
  std::uint64_t event_count(unsigned line) const { return line < kLines ? event_count_[line] : 0; }
  const char* error() const { return failure_.text().c_str(); }

 private:
  struct Request {
    bool active = false, read = false;
    std::uint32_t address = 0, data = 0, core = 0;
  };

  void cycle() {
    if (!planned_resets.empty() && planned_resets.front() <= now_) {
      planned_resets.erase(planned_resets.begin());
      reset_left_ = kResetCycles;
    }
    const bool in_reset = reset_left_ > 0;
    if (in_reset) {
      --reset_left_;
      port.reset();
      request_.active = false;
      answers_due_ = 0;
      answered_ = true;
    }
    top_->rst_ni = !in_reset;
    port.drive(*top_, now_);
    drive_registers();
    try {
      evaluate(0);
      if (!in_reset) {
        sample_events();
        port.sample(*top_);
        sample_registers();
      }
      evaluate(1);
    } catch (const Fatal&) {  // stop_message says what happened
      instance_->broken = true;
    }
    if (!stop_message.empty()) {
      failure_.note(now_, "%s", stop_message.c_str());
      stop_message.clear();
    }
    ++now_;
  }

  void evaluate(int clock) {
    top_->clk_i = clock;
    top_->eval();
#if VM_TRACE
    if (waves_) waves_->dump(context_.time());
#endif
    context_.timeInc(1);
  }

  void drive_registers() {
    if (!request_.active && !planned_writes.empty() && planned_writes.front().cycle <= now_) {
      const Planned planned = planned_writes.front();
      planned_writes.erase(planned_writes.begin());
      request_ = {true, false, planned.address, planned.data, planned.core};
    }
    top_->reg_req_i = request_.active;
    if (!request_.active) return;
    top_->reg_add_i = request_.address;
    top_->reg_wen_i = request_.read;
    top_->reg_be_i = harness::kAllLanes;
    top_->reg_data_i = request_.data;
    top_->reg_id_i = request_.core;
  }

  void sample_registers() {
    if (top_->reg_r_valid_o) {
      if (answers_due_ == 0) {
        failure_.note(now_, "register port: a response that nobody asked for");
      } else {
        --answers_due_;
      }
      answered_ = true;
      answer_ = top_->reg_r_data_o;
      answer_error_ = top_->reg_r_err_o;
      if (top_->reg_r_id_o != granted_core_) failure_.note(now_, "register port: response to another requester");
    }
    if (request_.active && top_->reg_gnt_o) {
      request_.active = false;
      ++answers_due_;
      granted_core_ = top_->reg_id_i;
      if (!request_.read && request_.address < kAcceleratorsEnd && (request_.address & kOffsetMask) == kTriggerOffset)
        log.push_back({now_, kLogTrigger, request_.core});
    }
  }

  void sample_events() {
    std::uint64_t events = top_->event_o;
    for (unsigned line = 0; events != 0; ++line, events >>= 1) {
      if ((events & 1) == 0) continue;
      ++event_count_[line];
      log.push_back({now_, kLogEvent, line});
    }
  }

  const harness::Held instance_;
  VerilatedContext& context_;
  Vtop* const top_;
#if VM_TRACE
  std::unique_ptr<Waves> waves_;
#endif
  std::uint64_t now_ = 0, reset_left_ = 0;
  std::array<std::uint64_t, kLines> event_count_{};

  Request request_;
  unsigned answers_due_ = 0;
  std::uint32_t granted_core_ = 0;
  bool answered_ = false, answer_error_ = false, ended_ = false;
  std::uint32_t answer_ = 0;
};

#define API __attribute__((visibility("default")))

extern "C" {

API Harness* harness_create(std::uint8_t* memory, std::uint32_t base, std::uint32_t bytes, double stall,
                            std::uint32_t extra_latency, std::uint64_t seed, const char* waves) {
  return new Harness(memory, base, bytes, stall, extra_latency, seed, waves);
}
API void harness_end(Harness* harness) { harness->end(); }
API void harness_destroy(Harness* harness) { delete harness; }
#ifdef REDMULE_CLUSTER
API std::uint8_t* harness_tcdm(Harness* harness) { return harness->tcdm(); }
API std::uint8_t* harness_l2(Harness* harness) { return harness->l2(); }
#endif
API void harness_reset(Harness* harness) { harness->reset(); }
API int harness_step(Harness* harness, std::uint64_t cycles) { return harness->step(cycles); }
API int harness_run(Harness* harness, const std::uint32_t* lines, const std::uint64_t* events, std::uint32_t count,
                    std::uint64_t max_cycles) {
  return harness->run(lines, events, count, max_cycles);
}
API int harness_write(Harness* harness, std::uint32_t address, std::uint32_t data, std::uint32_t core) {
  return harness->access(false, address, data, core, nullptr);
}
API int harness_read(Harness* harness, std::uint32_t address, std::uint32_t core, std::uint32_t* data) {
  return harness->access(true, address, 0, core, data);
}
API std::uint64_t harness_cycle(const Harness* harness) { return harness->now(); }
API std::uint64_t harness_events(const Harness* harness, std::uint32_t line) { return harness->event_count(line); }
API const char* harness_error(const Harness* harness) { return harness->error(); }
API void harness_coverage(const char* prefix) { harness::write_coverage(prefix); }
API void harness_permissions(Harness* harness, const std::uint8_t* map) { harness->port.permissions = map; }
API void harness_fail_at(Harness* harness, int armed, std::uint32_t address) {
  harness->port.error_armed = armed != 0;
  harness->port.error_address = address & ~std::uint32_t{harness::kWordBytes - 1};
}
API void harness_plan_write(Harness* harness, std::uint64_t cycle, std::uint32_t address, std::uint32_t data,
                            std::uint32_t core) {
  auto& plan = harness->planned_writes;
  const auto later = [](std::uint64_t at, const Harness::Planned& entry) { return at < entry.cycle; };
  plan.insert(std::upper_bound(plan.begin(), plan.end(), cycle, later), {cycle, address, data, core});
}
API void harness_plan_reset(Harness* harness, std::uint64_t cycle) {
  auto& plan = harness->planned_resets;
  plan.insert(std::upper_bound(plan.begin(), plan.end(), cycle), cycle);
}
API std::uint64_t harness_log(Harness* harness, LogEntry* entries, std::uint64_t capacity) {  // takes the oldest out
  const std::uint64_t count = std::min<std::uint64_t>(capacity, harness->log.size());
  std::copy_n(harness->log.begin(), count, entries);
  harness->log.erase(harness->log.begin(), harness->log.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}
}
