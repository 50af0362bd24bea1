// SPDX-License-Identifier: Apache-2.0
// A core that gives jobs to the accelerator, cycle by cycle: a program of register accesses and waits. It can be copied,
// so that a run can go on from any cycle.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "../device/failure.h"
#include "Vtop.h"

namespace faults {

enum OpKind : std::uint32_t {
  kAcquire,  // read a register whose answer is a context; a negative one ends the program
  kWrite,    // write data to a register
  kSelect,   // the same, with the context of the ACQUIRE number `argument` in the lowest bits
  kRead,     // read a register; `argument` is the topic of the answer
  kWait,     // until there have been `data` events
};

struct Op {
  std::uint32_t kind, address, data, argument;
};

inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {  // a hash of two
  a = (a ^ b) * 0x9E3779B97F4A7C15u;
  return a ^ (a >> 29);
}

class Host {
 public:
  Host(const Op* program, std::uint32_t length) : program_(program), length_(length) {
    for (std::uint32_t i = 0; i < length; ++i)
      if (program[i].kind == kWait) last_wait_ = i;
  }
  Host(const Host&) = default;
  Host& operator=(const Host& other) {
    next_ = other.next_;
    granted_ = other.granted_;
    refused_ = other.refused_;
    first_write_ = other.first_write_;
    heard_ = other.heard_;
    answers_ = other.answers_;
    contexts_ = other.contexts_;
    event_cycles_ = other.event_cycles_;
    return *this;
  }

  bool done() const { return next_ == length_; }
  bool refused() const { return refused_; }
  bool told_all() const { return next_ > last_wait_; }  // every event has come
  std::uint64_t first_write() const { return first_write_; }
  const std::vector<std::uint32_t>& answers() const { return answers_; }  // of reads, in order
  const std::vector<std::uint64_t>& event_cycles() const { return event_cycles_; }
  std::uint64_t signature() const { return mixed(mixed(heard_, next_), granted_); }

  // Whether the answers to the reads of a topic are those of another host.
  bool tells_same(const Host& other, std::uint32_t topic) const {
    std::size_t read = 0;
    for (const Op* op = program_; op != program_ + length_; ++op) {
      if (op->kind != kRead) continue;
      if (op->argument == topic && answers_[read] != other.answers_[read]) return false;
      ++read;
    }
    return true;
  }

  void drive(Vtop& top) const {
    top.reg_req_i = !done() && op().kind != kWait && !granted_;
    if (!top.reg_req_i) return;
    top.reg_add_i = op().address;
    top.reg_wen_i = op().kind == kAcquire || op().kind == kRead;
    top.reg_be_i = harness::kAllLanes;
    top.reg_data_i = op().kind == kSelect ? op().data | contexts_[op().argument] : op().data;
    top.reg_id_i = 0;
  }

  void sample(const Vtop& top, std::uint64_t now) {
    if (top.event_o != 0) {
      heard_ = mixed(mixed(heard_, now), top.event_o);
      if (top.event_o & 1) event_cycles_.push_back(now);
    }
    if (done()) return;
    if (op().kind == kWait) {
      if (event_cycles_.size() >= op().data) ++next_;
    } else if (granted_) {
      if (top.reg_r_valid_o && top.reg_r_id_o == 0) answer(top);
    } else if (top.reg_gnt_o) {
      granted_ = true;
      if (op().kind == kWrite && first_write_ == 0) first_write_ = now;
    }
  }

 private:
  const Op& op() const { return program_[next_]; }

  void answer(const Vtop& top) {
    const std::uint32_t data = top.reg_r_data_o;
    constexpr std::uint32_t kSign = 0x80000000u;
    refused_ = top.reg_r_err_o || (op().kind == kAcquire && (data & kSign) != 0);
    if (op().kind == kAcquire) contexts_.push_back(data);
    if (op().kind == kRead) answers_.push_back(data);
    if (op().kind == kAcquire || op().kind == kRead) heard_ = mixed(heard_, data);
    granted_ = false;
    ++next_;
  }

  const Op* const program_;
  const std::uint32_t length_;
  std::uint32_t next_ = 0, last_wait_ = 0;
  bool granted_ = false, refused_ = false;
  std::uint64_t first_write_ = 0, heard_ = 0;
  std::vector<std::uint32_t> answers_, contexts_;
  std::vector<std::uint64_t> event_cycles_;
};

}  // namespace faults
