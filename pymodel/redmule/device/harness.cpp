// SPDX-License-Identifier: Apache-2.0
// The accelerator in a test bench, as a C library: clock and reset, a memory behind its memory port, one requester at
// its register port, a log of triggers and events, and the rules of both ports, checked in every cycle.
//
// A cycle is two evaluations. With the clock low the inputs of this cycle are set and every output is read, also those
// that follow an input combinationally (events); then the clock rises. The memory is a buffer of the caller.
#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "Vtop.h"
#include "verilated.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Waves = VerilatedFstC;
#elif VM_TRACE
#include "verilated_vcd_c.h"
using Waves = VerilatedVcdC;
#endif

namespace {

using Data = std::remove_reference_t<decltype(Vtop::mem_data_o)>;
using Lanes = std::remove_reference_t<decltype(Vtop::mem_be_o)>;
using Events = std::remove_reference_t<decltype(Vtop::event_o)>;

constexpr unsigned kWordBytes = 4;
constexpr unsigned kWords = sizeof(Data) / kWordBytes;
constexpr unsigned kCores = 8 * sizeof(Events);
constexpr unsigned kOutstanding = 256;  // responses the memory can owe; it grants nothing beyond
constexpr unsigned kAllLanes = 0xF;
constexpr std::uint64_t kResetCycles = 2;
constexpr std::uint64_t kRegisterPatience = 100000;  // cycles a register access may take
constexpr std::uint32_t kTriggerOffset = 0;
constexpr std::uint32_t kOffsetMask = 0xFF;
constexpr std::uint8_t kMayRead = 1, kMayWrite = 2;

enum Status { kDone = 0, kTimeout = 1, kFailed = 2, kRegisterError = 3 };
enum LogKind : std::uint32_t { kLogTrigger = 0, kLogEvent = 1 };

struct LogEntry {
  std::uint64_t cycle;
  std::uint32_t kind;
  std::uint32_t core;
};

// Byte enables of one word of the port, for any width of the enables.
template <typename T>
unsigned lanes_of(const T& enables, unsigned word) {
  return static_cast<unsigned>(enables >> (word * kWordBytes)) & kAllLanes;
}
template <std::size_t N>
unsigned lanes_of(const VlWide<N>& enables, unsigned word) {
  constexpr unsigned kPerItem = 8;
  return (enables[word / kPerItem] >> (word % kPerItem * kWordBytes)) & kAllLanes;
}

template <typename T>
bool same(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

class Random {  // xorshift64*
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0x2545F4914F6CDD1Du) {
    if (state_ == 0) state_ = 1;
  }
  std::uint32_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<std::uint32_t>((state_ * 0x2545F4914F6CDD1Du) >> 32);
  }
  std::uint32_t below(std::uint32_t limit) { return (static_cast<std::uint64_t>(next()) * limit) >> 32; }

 private:
  std::uint64_t state_;
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
  Harness(std::uint8_t* memory, std::uint32_t base, std::uint32_t bytes, double stall, std::uint32_t extra_latency,
          std::uint64_t seed, const char* waves)
      : memory_(memory), base_(base), bytes_(bytes), extra_latency_(extra_latency), random_(seed) {
    constexpr double kScale = 4294967296.0;
    deny_below_ = static_cast<std::uint32_t>(std::min(stall * kScale, kScale - 1));
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
    stop_message.clear();
    top_->rst_ni = 1;
    top_->eval();  // an edge of the reset is seen only if it was high before
    reset();
  }

  ~Harness() {
    top_->final();
#if VM_TRACE
    if (waves_) waves_->close();
#endif
  }

  Status step(std::uint64_t cycles) {
    for (; cycles > 0 && error_.empty(); --cycles) cycle();
    return error_.empty() ? kDone : kFailed;
  }

  Status run(unsigned core, std::uint64_t events, std::uint64_t max_cycles) {
    while (event_count_[core] < events) {
      if (!error_.empty()) return kFailed;
      if (max_cycles-- == 0) return kTimeout;
      cycle();
    }
    return error_.empty() ? kDone : kFailed;
  }

  Status access(bool read, std::uint32_t address, std::uint32_t data, std::uint32_t core, std::uint32_t* result) {
    while (request_.active || answers_due_ > 0) {  // a scheduled write has the port
      if (!error_.empty()) return kFailed;
      cycle();
    }
    request_ = {true, read, address, data, core};
    answered_ = false;
    for (std::uint64_t patience = kRegisterPatience; !answered_; --patience) {
      if (patience == 0) fail("register port: no answer to the access at 0x%x", address);
      if (!error_.empty()) return kFailed;
      cycle();
    }
    if (result != nullptr) *result = answer_;
    if (!error_.empty()) return kFailed;
    return answer_error_ ? kRegisterError : kDone;
  }

  void reset() {
    reset_left_ = kResetCycles;
    step(kResetCycles);
  }

  const Vtop& top() const { return *top_; }

  // Set by the C interface below.
  const std::uint8_t* permissions = nullptr;
  bool error_armed = false;
  std::uint32_t error_address = 0;
  struct Planned {
    std::uint64_t cycle;
    std::uint32_t address, data, core;
  };
  std::vector<Planned> planned_writes;  // by cycle, soonest first
  std::vector<std::uint64_t> planned_resets;
  std::vector<LogEntry> log;

  std::uint64_t now() const { return now_; }
  std::uint64_t event_count(unsigned core) const { return core < kCores ? event_count_[core] : 0; }
  const char* error() const { return error_.c_str(); }

 private:
  struct Request {
    bool active = false, read = false;
    std::uint32_t address = 0, data = 0, core = 0;
  };
  struct Response {
    std::uint64_t due = 0;
    bool error = false;
    Data data{};
  };

  void fail(const char* format, ...) {
    if (!error_.empty()) return;  // the first failure counts
    std::array<char, 256> text;
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    error_ = "cycle " + std::to_string(now_) + ": " + text.data();
  }

  void cycle() {
    if (!planned_resets.empty() && planned_resets.front() <= now_) {
      planned_resets.erase(planned_resets.begin());
      reset_left_ = kResetCycles;
    }
    const bool in_reset = reset_left_ > 0;
    if (in_reset) {
      --reset_left_;
      first_ = last_ = 0;
      waiting_ = false;
      request_.active = false;
      answers_due_ = 0;
      answered_ = true;
    }
    top_->rst_ni = !in_reset;
    drive_memory();
    drive_registers();
    try {
      evaluate(0);
      if (!in_reset) {
        sample_events();
        sample_memory();
        sample_registers();
      }
      evaluate(1);
    } catch (const Fatal&) {  // stop_message says what happened
    }
    if (!stop_message.empty()) {
      fail("%s", stop_message.c_str());
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

  // The grant is drawn in every cycle, whether there is a request or not.
  void drive_memory() {
    const bool denied = deny_below_ != 0 && random_.next() < deny_below_;
    top_->mem_gnt_i = !denied && last_ - first_ < kOutstanding;
    top_->mem_r_valid_i = 0;
    if (first_ == last_) return;
    const Response& response = responses_[first_ % kOutstanding];
    if (response.due > now_) return;
    top_->mem_r_valid_i = 1;
    top_->mem_r_err_i = response.error;
    top_->mem_r_data_i = response.data;
    ++first_;
  }

  void sample_memory() {
    if (waiting_) {
      if (!top_->mem_req_o) {
        fail("memory port: a request that waited was withdrawn");
      } else if (top_->mem_add_o != held_add_ || top_->mem_wen_o != held_wen_ || !same<Lanes>(top_->mem_be_o, held_be_) ||
                 !same<Data>(top_->mem_data_o, held_data_)) {
        fail("memory port: a request that waited changed (address 0x%x, was 0x%x)", top_->mem_add_o, held_add_);
      }
    }
    waiting_ = top_->mem_req_o && !top_->mem_gnt_i;
    if (waiting_) {
      held_add_ = top_->mem_add_o;
      held_wen_ = top_->mem_wen_o;
      held_be_ = top_->mem_be_o;
      held_data_ = top_->mem_data_o;
    }
    if (top_->mem_req_o && top_->mem_gnt_i) transfer();
  }

  void transfer() {
    const std::uint32_t address = top_->mem_add_o;
    const bool read = top_->mem_wen_o;
    if (address % kWordBytes != 0) fail("memory port: address 0x%x is not word aligned", address);
    Response& response = responses_[last_++ % kOutstanding];
    response.due = now_ + 1 + (extra_latency_ != 0 ? random_.below(extra_latency_ + 1) : 0);
    response.due = last_due_ = std::max(response.due, last_due_ + 1);
    response.error = false;
    for (unsigned word = 0; word < kWords; ++word) {
      const unsigned lanes = lanes_of(top_->mem_be_o, word);
      if (lanes == 0) continue;
      const std::uint32_t at = address + word * kWordBytes;
      const std::uint32_t offset = at - base_;  // below the base it wraps to beyond the end
      if (offset >= bytes_ || (error_armed && at == error_address)) {
        response.error = true;
        continue;
      }
      if (permissions != nullptr) check_permissions(read, at, offset, lanes);
      if (read) {
        std::memcpy(&response.data[word], memory_ + offset, kWordBytes);
      } else {
        write_word(offset, top_->mem_data_o[word], lanes);
      }
    }
  }

  void write_word(std::uint32_t offset, std::uint32_t value, unsigned lanes) {
    if (lanes == kAllLanes) {
      std::memcpy(memory_ + offset, &value, kWordBytes);
      return;
    }
    for (unsigned lane = 0; lane < kWordBytes; ++lane)
      if (lanes >> lane & 1) memory_[offset + lane] = static_cast<std::uint8_t>(value >> (8 * lane));
  }

  // A word that is read holds at least one byte of a matrix; a byte that is written is a byte of Z.
  void check_permissions(bool read, std::uint32_t at, std::uint32_t offset, unsigned lanes) {
    unsigned allowed = 0;
    for (unsigned lane = 0; lane < kWordBytes; ++lane)
      if (permissions[offset + lane] & (read ? kMayRead : kMayWrite)) allowed |= 1u << lane;
    if (read && allowed == 0) fail("guard: the word read at 0x%x holds no byte of a matrix", at);
    if (!read && (lanes & ~allowed) != 0) fail("guard: write outside Z at 0x%x, lanes 0x%x", at, lanes & ~allowed);
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
    top_->reg_be_i = kAllLanes;
    top_->reg_data_i = request_.data;
    top_->reg_id_i = request_.core;
  }

  void sample_registers() {
    if (top_->reg_r_valid_o) {
      if (answers_due_ == 0) {
        fail("register port: a response that nobody asked for");
      } else {
        --answers_due_;
      }
      answered_ = true;
      answer_ = top_->reg_r_data_o;
      answer_error_ = top_->reg_r_err_o;
      if (top_->reg_r_id_o != granted_core_) fail("register port: response to another requester");
    }
    if (request_.active && top_->reg_gnt_o) {
      request_.active = false;
      ++answers_due_;
      granted_core_ = top_->reg_id_i;
      if (!request_.read && (request_.address & kOffsetMask) == kTriggerOffset)
        log.push_back({now_, kLogTrigger, request_.core});
    }
  }

  void sample_events() {
    std::uint32_t events = top_->event_o;
    for (unsigned core = 0; events != 0; ++core, events >>= 1) {
      if ((events & 1) == 0) continue;
      ++event_count_[core];
      log.push_back({now_, kLogEvent, core});
    }
  }

  std::uint8_t* const memory_;
  const std::uint32_t base_, bytes_, extra_latency_;
  std::uint32_t deny_below_ = 0;
  Random random_;
  VerilatedContext context_;
  std::unique_ptr<Vtop> top_;
#if VM_TRACE
  std::unique_ptr<Waves> waves_;
#endif
  std::uint64_t now_ = 0, reset_left_ = 0;
  std::string error_;
  std::array<std::uint64_t, kCores> event_count_{};

  std::array<Response, kOutstanding> responses_{};
  std::uint64_t first_ = 0, last_ = 0, last_due_ = 0;
  bool waiting_ = false;
  std::uint32_t held_add_ = 0;
  bool held_wen_ = false;
  Lanes held_be_{};
  Data held_data_{};

  Request request_;
  unsigned answers_due_ = 0;
  std::uint32_t granted_core_ = 0;
  bool answered_ = false, answer_error_ = false;
  std::uint32_t answer_ = 0;
};

#define API __attribute__((visibility("default")))

extern "C" {

API Harness* harness_create(std::uint8_t* memory, std::uint32_t base, std::uint32_t bytes, double stall,
                            std::uint32_t extra_latency, std::uint64_t seed, const char* waves) {
  return new Harness(memory, base, bytes, stall, extra_latency, seed, waves);
}
API void harness_destroy(Harness* harness) { delete harness; }
API void harness_reset(Harness* harness) { harness->reset(); }
API int harness_step(Harness* harness, std::uint64_t cycles) { return harness->step(cycles); }
API int harness_run(Harness* harness, std::uint32_t core, std::uint64_t events, std::uint64_t max_cycles) {
  return harness->run(core, events, max_cycles);
}
API int harness_write(Harness* harness, std::uint32_t address, std::uint32_t data, std::uint32_t core) {
  return harness->access(false, address, data, core, nullptr);
}
API int harness_read(Harness* harness, std::uint32_t address, std::uint32_t core, std::uint32_t* data) {
  return harness->access(true, address, 0, core, data);
}
API std::uint64_t harness_cycle(const Harness* harness) { return harness->now(); }
API std::uint64_t harness_events(const Harness* harness, std::uint32_t core) { return harness->event_count(core); }
API const char* harness_error(const Harness* harness) { return harness->error(); }
API void harness_permissions(Harness* harness, const std::uint8_t* map) { harness->permissions = map; }
API void harness_fail_at(Harness* harness, int armed, std::uint32_t address) {
  harness->error_armed = armed != 0;
  harness->error_address = address - address % kWordBytes;
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
