// SPDX-License-Identifier: Apache-2.0
// The memory behind the accelerator's memory port: a buffer of the caller, random refusals and delays, and the rules of
// the port, checked in every cycle.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "Vtop.h"
#include "failure.h"

namespace harness {

using Data = std::remove_reference_t<decltype(Vtop::mem_data_o)>;
using Lanes = std::remove_reference_t<decltype(Vtop::mem_be_o)>;

constexpr unsigned kWordBytes = 4;
constexpr unsigned kWords = sizeof(Data) / kWordBytes;
constexpr unsigned kOutstanding = 256;  // responses the memory can owe; it grants nothing beyond
constexpr std::uint8_t kMayRead = 1, kMayWrite = 2;

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

class MemoryPort {
 public:
  MemoryPort(std::uint8_t* memory, std::uint32_t base, std::uint32_t bytes, double stall, std::uint32_t extra_latency,
             std::uint64_t seed, Failure& failure)
      : memory_(memory), base_(base), bytes_(bytes), extra_latency_(extra_latency), random_(seed), failure_(failure) {
    constexpr double kScale = 4294967296.0;
    deny_below_ = static_cast<std::uint32_t>(std::min(stall * kScale, kScale - 1));
  }

  const std::uint8_t* permissions = nullptr;  // what may be accessed, by byte; null: no checks
  bool error_armed = false;                   // whether the word at error_address answers with an error
  std::uint32_t error_address = 0;

  // Forget what is under way, as in a reset.
  void reset() {
    first_ = last_ = 0;
    waiting_ = false;
  }

  // Set the inputs of this cycle. The grant is drawn in every cycle, whether there is a request or not.
  void drive(Vtop& top, std::uint64_t now) {
    now_ = now;
    const bool denied = deny_below_ != 0 && random_.next() < deny_below_;
    top.mem_gnt_i = !denied && last_ - first_ < kOutstanding;
    top.mem_r_valid_i = 0;
    if (first_ == last_) return;
    const Response& response = responses_[first_ % kOutstanding];
    if (response.due > now_) return;
    top.mem_r_valid_i = 1;
    top.mem_r_err_i = response.error;
    top.mem_r_data_i = response.data;
    ++first_;
  }

  // Look at the outputs of this cycle.
  void sample(const Vtop& top) {
    if (waiting_) {
      if (!top.mem_req_o) {
        failure_.note(now_, "memory port: a request that waited was withdrawn");
      } else if (top.mem_add_o != held_add_ || top.mem_wen_o != held_wen_ || !same<Lanes>(top.mem_be_o, held_be_) ||
                 !same<Data>(top.mem_data_o, held_data_)) {
        failure_.note(now_, "memory port: a request that waited changed (address 0x%x, was 0x%x)", top.mem_add_o,
                      held_add_);
      }
    }
    waiting_ = top.mem_req_o && !top.mem_gnt_i;
    if (waiting_) {
      held_add_ = top.mem_add_o;
      held_wen_ = top.mem_wen_o;
      held_be_ = top.mem_be_o;
      held_data_ = top.mem_data_o;
    }
    if (top.mem_req_o && top.mem_gnt_i) transfer(top);
  }

 private:
  struct Response {
    std::uint64_t due = 0;
    bool error = false;
    Data data{};
  };

  void transfer(const Vtop& top) {
    const std::uint32_t address = top.mem_add_o;
    const bool read = top.mem_wen_o;
    if (address % kWordBytes != 0) failure_.note(now_, "memory port: address 0x%x is not word aligned", address);
    Response& response = responses_[last_++ % kOutstanding];
    response.due = now_ + 1 + (extra_latency_ != 0 ? random_.below(extra_latency_ + 1) : 0);
    response.due = last_due_ = std::max(response.due, last_due_ + 1);
    response.error = false;
    for (unsigned word = 0; word < kWords; ++word) {
      const unsigned lanes = lanes_of(top.mem_be_o, word);
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
        write_word(offset, top.mem_data_o[word], lanes);
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
    if (read && allowed == 0)
      failure_.note(now_, "guard: the word read at 0x%x holds no byte of a matrix", at);
    if (!read && (lanes & ~allowed) != 0)
      failure_.note(now_, "guard: write outside Z at 0x%x, lanes 0x%x", at, lanes & ~allowed);
  }

  std::uint8_t* const memory_;
  const std::uint32_t base_, bytes_, extra_latency_;
  std::uint32_t deny_below_ = 0;
  Random random_;
  Failure& failure_;
  std::uint64_t now_ = 0;

  std::array<Response, kOutstanding> responses_{};
  std::uint64_t first_ = 0, last_ = 0, last_due_ = 0;
  bool waiting_ = false;
  std::uint32_t held_add_ = 0;
  bool held_wen_ = false;
  Lanes held_be_{};
  Data held_data_{};
};

}  // namespace harness
