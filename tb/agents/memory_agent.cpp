// SPDX-License-Identifier: Apache-2.0
// What stands behind memory_agent.sv and memory_monitor.sv: the content of the memory, how badly it behaves, what may be
// accessed, and a log of the transfers. The modules call it each cycle (DPI-C); a test in Python sets it up and takes the
// log, by ctypes in the same process (memory_agent.py). Every address is a byte address.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "instances.h"

namespace {

constexpr unsigned kWordBytes = 4;
constexpr std::uint8_t kMayRead = 1, kMayWrite = 2;
constexpr std::uint8_t kPoison = 0x7D;  // a byte of a signalling NaN in fp16 and e5m2
constexpr std::size_t kMostMistakes = 8;  // that are kept until the log is taken

// Bytes from address `base` on: those of a NumPy array of the test.
struct Window {
  std::uint8_t* bytes = nullptr;
  std::uint64_t base = 0, size = 0;

  std::uint8_t* at(std::uint64_t address) const {
    const std::uint64_t offset = address - base;  // below the base it wraps to beyond the end
    return offset < size ? bytes + offset : nullptr;
  }
};

struct Transfer {  // equals TRANSFER in memory_agent.py
  std::uint64_t granted, answered;
  std::uint64_t address;
  std::uint32_t waited, bytes;
  std::uint8_t read, error;
  std::uint8_t unused[6];
};

constexpr unsigned kGrants = 1, kAnswers = 2, kFails = 4;  // bits of a status

enum Fault : int { kNone = 0, kLateStores, kLostStore, kRepeatedLoad, kStrayStore };

}  // namespace

// The passive half: sees every transfer.
struct MemoryMonitor {
  Window permissions;
  std::vector<Transfer> log;
  std::vector<std::string> mistakes;
  std::uint64_t requests = 0, transfers = 0;

  void restart() {
    permissions = {};
    log.clear();
    mistakes.clear();
    requests = transfers = 0;
    reset();
  }

  void reset() {
    open_.clear();
    waited_ = 0;
  }

  void request(bool granted) {
    ++requests;
    if (!granted) ++waited_;
  }

  void transfer(std::uint64_t cycle, std::uint64_t address, bool read) {
    ++transfers;
    open_.push_back({cycle, 0, address, waited_, 0, read, 0, {}});
    waited_ = 0;
  }

  // The lanes of one word of the transfer that was told last.
  void word(unsigned number, unsigned lanes) {
    Transfer& transfer = open_.back();
    const unsigned wanted = transfer.read ? kMayRead : kMayWrite;
    for (unsigned lane = 0; lane < kWordBytes; ++lane) {
      if ((lanes >> lane & 1) == 0) continue;
      ++transfer.bytes;
      if (permissions.bytes == nullptr) continue;
      const std::uint64_t address = transfer.address + number * kWordBytes + lane;
      const std::uint8_t* allowed = permissions.at(address);
      if (allowed == nullptr || (*allowed & wanted) == 0) {
        note(transfer.granted, allowed == nullptr ? "AccessIsInsideTheMemory" : "AccessIsPermitted",
             transfer.read ? "read" : "write", address);
        return;
      }
    }
  }

  void answer(std::uint64_t cycle, bool error) {
    if (open_.empty()) return;  // the protocol checks say so
    open_.front().answered = cycle;
    open_.front().error = error;
    log.push_back(open_.front());
    open_.pop_front();
  }

 private:
  void note(std::uint64_t cycle, const char* rule, const char* what, std::uint64_t address) {
    if (mistakes.size() == kMostMistakes) return;
    char text[128];
    std::snprintf(text, sizeof text, "cycle %llu: %s: %s of byte 0x%llx", static_cast<unsigned long long>(cycle), rule,
                  what, static_cast<unsigned long long>(address));
    mistakes.push_back(text);
  }

  std::deque<Transfer> open_;
  std::uint32_t waited_ = 0;
};

// The active half: grants and answers.
struct MemoryAgent {
  Window content;
  double stall = 0;
  std::uint32_t burst = 1, latency = 0;
  bool answers = false;  // in the next cycle
  bool fails = false;
  std::uint64_t fail_at = 0;
  Fault fault = kNone;
  std::uint32_t fault_number = 0, fault_cycles = 0;

  void restart(std::uint32_t seed) {
    content = {};
    stall = 0;
    burst = 1;
    latency = 0;
    fails = false;
    fault = kNone;
    stores_ = loads_ = 0;
    random_.seed(seed);
    reset();
  }

  // What has not been answered is forgotten; stores have taken effect.
  void reset() {
    answers_.clear();
    late_.clear();
    refusals_left_ = 0;
  }

  void transfer(std::uint64_t cycle, std::uint64_t address, bool read) {
    Answer answer;
    answer.due = cycle + (latency != 0 ? random_() % (latency + 1) : 0);
    if (!answers_.empty()) answer.due = std::max(answer.due, answers_.back().due);
    answers_.push_back(std::move(answer));
    address_ = address;
    read_ = read;
    ++(read ? loads_ : stores_);
  }

  // One word of the transfer that was told last. A word with an enabled byte where there is no memory, or where it was
  // told to fail, is an error.
  void word(unsigned number, unsigned lanes, std::uint32_t data) {
    Answer& answer = answers_.back();
    const std::uint64_t at = address_ + number * kWordBytes;
    std::uint32_t loaded = 0;
    for (unsigned lane = 0; lane < kWordBytes; ++lane) {
      std::uint8_t value = kPoison;
      if (lanes >> lane & 1) {
        std::uint8_t* byte = content.at(at + lane);
        if (byte == nullptr || (fails && fail_at == at + lane)) answer.error = true;
        if (byte != nullptr && read_) value = *byte;
        if (byte != nullptr && !read_) store(byte, static_cast<std::uint8_t>(data >> 8 * lane), answer.due);
      }
      loaded |= std::uint32_t{value} << 8 * lane;
    }
    answer.words.push_back(loaded);
    if (fault == kRepeatedLoad && read_) {
      if (loads_ == fault_number && number < before_.size()) answer.words.back() = before_[number];
      if (loads_ + 1 == fault_number) {
        if (number == 0) before_.clear();
        before_.push_back(loaded);
      }
    }
    if (fault == kStrayStore && !read_ && lanes != 0) {
      if (std::uint8_t* byte = content.at(at + kWordBytes)) *byte ^= 1;
    }
  }

  // End of a cycle. Returns what holds in the next one.
  unsigned step(std::uint64_t cycle) {
    while (!late_.empty() && late_.front().cycle <= cycle) {
      *late_.front().byte = late_.front().value;
      late_.pop_front();
    }
    unsigned next = refuses() ? 0 : kGrants;
    answers = !answers_.empty() && answers_.front().due <= cycle;
    if (answers) {
      next |= kAnswers | (answers_.front().error ? kFails : 0);
      current_ = std::move(answers_.front().words);
      answers_.pop_front();
    }
    return next;
  }

  std::uint32_t answer(unsigned number) const { return number < current_.size() ? current_[number] : 0; }

 private:
  struct Answer {
    std::uint64_t due = 0;
    bool error = false;
    std::vector<std::uint32_t> words;
  };
  struct LateByte {
    std::uint64_t cycle;
    std::uint8_t* byte;
    std::uint8_t value;
  };

  // Refusals last `burst` cycles each; of all cycles the share `stall` is refused.
  bool refuses() {
    if (refusals_left_ > 0) {
      --refusals_left_;
      return true;
    }
    if (stall <= 0) return false;
    const double begins = stall / (burst * (1 - stall) + stall);
    if (stall < 1 && std::uniform_real_distribution<>(0, 1)(random_) >= begins) return false;
    refusals_left_ = stall < 1 ? burst - 1 : 0;  // a dead memory lives again as soon as it is told to
    return true;
  }

  void store(std::uint8_t* byte, std::uint8_t value, std::uint64_t cycle) {
    if (fault == kLostStore && stores_ == fault_number) return;
    if (fault == kLateStores) {
      late_.push_back({cycle + fault_cycles, byte, value});
    } else {
      *byte = value;
    }
  }

  std::mt19937 random_;
  std::deque<Answer> answers_;
  std::deque<LateByte> late_;
  std::vector<std::uint32_t> current_, before_;
  std::uint64_t address_ = 0;
  bool read_ = false;
  std::uint32_t refusals_left_ = 0, stores_ = 0, loads_ = 0;
};

extern "C" {

// ------------------------------------------------------------------------------------- for the modules, by DPI-C
void* memory_monitor_new(const char* scope) { return agents::instance<MemoryMonitor>(scope); }
void memory_monitor_reset(void* monitor) { static_cast<MemoryMonitor*>(monitor)->reset(); }
void memory_monitor_request(void* monitor, int granted) { static_cast<MemoryMonitor*>(monitor)->request(granted != 0); }
void memory_monitor_transfer(void* monitor, std::uint64_t cycle, std::uint64_t address, int read) {
  static_cast<MemoryMonitor*>(monitor)->transfer(cycle, address, read != 0);
}
void memory_monitor_word(void* monitor, int number, int lanes) {
  static_cast<MemoryMonitor*>(monitor)->word(number, lanes);
}
void memory_monitor_answer(void* monitor, std::uint64_t cycle, int error) {
  static_cast<MemoryMonitor*>(monitor)->answer(cycle, error != 0);
}
void* memory_agent_new(const char* scope) { return agents::instance<MemoryAgent>(scope); }
void memory_agent_reset(void* agent) { static_cast<MemoryAgent*>(agent)->reset(); }
void memory_agent_transfer(void* agent, std::uint64_t cycle, std::uint64_t address, int read) {
  static_cast<MemoryAgent*>(agent)->transfer(cycle, address, read != 0);
}
void memory_agent_word(void* agent, int number, int lanes, std::uint32_t data) {
  static_cast<MemoryAgent*>(agent)->word(number, lanes, data);
}
int memory_agent_step(void* agent, std::uint64_t cycle) { return static_cast<MemoryAgent*>(agent)->step(cycle); }
int memory_agent_answers(void* agent) { return static_cast<MemoryAgent*>(agent)->answers; }
std::uint32_t memory_agent_answer(void* agent, int number) { return static_cast<MemoryAgent*>(agent)->answer(number); }

// ------------------------------------------------------------------------------------- for the test, by ctypes
void* memory_monitor_find(const char* scope) { return agents::find<MemoryMonitor>(scope); }
void memory_monitor_restart(void* monitor) { static_cast<MemoryMonitor*>(monitor)->restart(); }
void memory_monitor_permit(void* monitor, std::uint8_t* permissions, std::uint64_t base, std::uint64_t size) {
  static_cast<MemoryMonitor*>(monitor)->permissions = {permissions, base, size};
}
std::uint64_t memory_monitor_requests(void* monitor) { return static_cast<MemoryMonitor*>(monitor)->requests; }
std::uint64_t memory_monitor_transfers(void* monitor) { return static_cast<MemoryMonitor*>(monitor)->transfers; }
std::uint64_t memory_monitor_logged(void* monitor) { return static_cast<MemoryMonitor*>(monitor)->log.size(); }
void memory_monitor_take(void* monitor, Transfer* transfers) {  // as many as are logged; mistakes are forgotten
  auto& log = static_cast<MemoryMonitor*>(monitor)->log;
  std::copy(log.begin(), log.end(), transfers);
  log.clear();
  static_cast<MemoryMonitor*>(monitor)->mistakes.clear();
}
const char* memory_monitor_mistake(void* monitor, std::uint32_t number) {
  const auto& mistakes = static_cast<MemoryMonitor*>(monitor)->mistakes;
  return number < mistakes.size() ? mistakes[number].c_str() : nullptr;
}
void* memory_agent_find(const char* scope) { return agents::find<MemoryAgent>(scope); }
void memory_agent_restart(void* agent, std::uint32_t seed) { static_cast<MemoryAgent*>(agent)->restart(seed); }
void memory_agent_content(void* agent, std::uint8_t* content, std::uint64_t base, std::uint64_t size) {
  static_cast<MemoryAgent*>(agent)->content = {content, base, size};
}
void memory_agent_weather(void* agent, double stall, std::uint32_t burst, std::uint32_t latency, int fails,
                          std::uint64_t fail_at) {
  auto& memory = *static_cast<MemoryAgent*>(agent);
  memory.stall = stall;
  memory.burst = burst;
  memory.latency = latency;
  memory.fails = fails != 0;
  memory.fail_at = fail_at;
}
void memory_agent_fault(void* agent, int fault, std::uint32_t number, std::uint32_t cycles) {
  auto& memory = *static_cast<MemoryAgent*>(agent);
  memory.fault = static_cast<Fault>(fault);
  memory.fault_number = number;
  memory.fault_cycles = cycles;
}
}
