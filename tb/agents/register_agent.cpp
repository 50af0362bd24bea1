// SPDX-License-Identifier: Apache-2.0
// What stands behind register_agent.sv and register_monitor.sv: the accesses that a test wants played, their answers, and a
// log of all accesses. The modules call it each cycle (DPI-C), a test in Python by ctypes (register_agent.py).
#include <algorithm>
#include <cstdint>
#include <vector>

#include "instances.h"

namespace {

struct Access {  // equals ACCESS in register_agent.py
  std::uint32_t address, data, be, id, write, gap;
};

struct Answer {  // equals ANSWER
  std::uint64_t granted;
  std::uint32_t data, id, error, unused;
};

struct Seen {  // equals SEEN: an access as the port showed it, `data` what was written or read
  std::uint64_t granted;
  std::uint32_t address, data, be, id, write, error;
};

enum Field : int { kAddress = 0, kData, kBe, kId, kWrite };
constexpr unsigned kAsks = 1, kDone = 2;  // bits of a status

}  // namespace

// The passive half: sees every access. Each is answered in the cycle after its grant.
struct RegisterMonitor {
  std::vector<Seen> log;

  void grant(const Seen& access) {
    open_ = access;
    is_open_ = true;
  }
  void answer(std::uint32_t data, bool error) {
    if (!is_open_) return;  // the protocol checks say so
    if (open_.write == 0) open_.data = data;
    open_.error = error;
    log.push_back(open_);
    is_open_ = false;
  }
  void reset() { is_open_ = false; }

 private:
  Seen open_{};
  bool is_open_ = false;
};

// The active half: plays accesses, one after the other.
struct RegisterAgent {
  std::vector<Access> accesses;
  std::vector<Answer> answers;

  // What is not done is given up; who waits for it goes on.
  void reset() {
    if (!accesses.empty()) done_ = !done_;
    accesses.clear();
    next_ = answered_ = 0;
    asks_ = answers_due_ = false;
  }

  void play(const Access* first, std::uint32_t count) {
    accesses.assign(first, first + count);
    answers.assign(count, {});
    next_ = answered_ = 0;
    gap_left_ = 0;
  }

  void answer(std::uint32_t data, std::uint32_t id, bool error) {
    if (!answers_due_) return;
    answers_due_ = false;
    Answer& answer = answers[answered_++];
    answer.data = data;
    answer.id = id;
    answer.error = error;
  }

  // End of a cycle. Returns what holds in the next one.
  unsigned step(std::uint64_t cycle, bool granted) {
    if (asks_ && granted) {
      asks_ = false;
      answers_due_ = true;
      answers[next_++].granted = cycle;
      if (next_ < accesses.size()) gap_left_ = accesses[next_].gap;
    }
    if (!asks_ && next_ < accesses.size()) {
      asks_ = gap_left_ == 0;
      if (!asks_) --gap_left_;
    }
    if (!accesses.empty() && answered_ == accesses.size()) {
      accesses.clear();
      next_ = 0;
      done_ = !done_;
    }
    return (asks_ ? kAsks : 0) | (done_ ? kDone : 0);
  }

  bool asks() const { return asks_; }

  std::uint32_t field(int field) const {
    const Access& access = accesses[next_];
    switch (field) {
      case kAddress: return access.address;
      case kData: return access.data;
      case kBe: return access.be;
      case kId: return access.id;
      default: return access.write;
    }
  }

 private:
  std::size_t next_ = 0, answered_ = 0;
  std::uint32_t gap_left_ = 0;
  bool asks_ = false, answers_due_ = false, done_ = false;
};

extern "C" {

// ------------------------------------------------------------------------------------- for the modules, by DPI-C
void* register_monitor_new(const char* scope) { return agents::instance<RegisterMonitor>(scope); }
void register_monitor_reset(void* monitor) { static_cast<RegisterMonitor*>(monitor)->reset(); }
void register_monitor_grant(void* monitor, std::uint64_t cycle, std::uint32_t address, std::uint32_t data,
                            std::uint32_t be, std::uint32_t id, int write) {
  static_cast<RegisterMonitor*>(monitor)->grant({cycle, address, data, be, id, write != 0, 0});
}
void register_monitor_answer(void* monitor, std::uint32_t data, int error) {
  static_cast<RegisterMonitor*>(monitor)->answer(data, error != 0);
}
void* register_agent_new(const char* scope) { return agents::instance<RegisterAgent>(scope); }
void register_agent_reset(void* agent) { static_cast<RegisterAgent*>(agent)->reset(); }
void register_agent_answer(void* agent, std::uint32_t data, std::uint32_t id, int error) {
  static_cast<RegisterAgent*>(agent)->answer(data, id, error != 0);
}
int register_agent_step(void* agent, std::uint64_t cycle, int granted) {
  return static_cast<RegisterAgent*>(agent)->step(cycle, granted != 0);
}
int register_agent_asks(void* agent) { return static_cast<RegisterAgent*>(agent)->asks(); }
std::uint32_t register_agent_field(void* agent, int field) { return static_cast<RegisterAgent*>(agent)->field(field); }

// ------------------------------------------------------------------------------------- for the test, by ctypes
void* register_monitor_find(const char* scope) { return agents::find<RegisterMonitor>(scope); }
std::uint64_t register_monitor_logged(void* monitor) { return static_cast<RegisterMonitor*>(monitor)->log.size(); }
void register_monitor_take(void* monitor, Seen* accesses) {  // as many as are logged
  auto& log = static_cast<RegisterMonitor*>(monitor)->log;
  std::copy(log.begin(), log.end(), accesses);
  log.clear();
}
void* register_agent_find(const char* scope) { return agents::find<RegisterAgent>(scope); }
void register_agent_play(void* agent, const Access* accesses, std::uint32_t count) {
  static_cast<RegisterAgent*>(agent)->play(accesses, count);
}
void register_agent_answers(void* agent, Answer* answers) {  // of the accesses played last
  const auto& given = static_cast<RegisterAgent*>(agent)->answers;
  std::copy(given.begin(), given.end(), answers);
}
}
