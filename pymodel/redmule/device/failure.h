// SPDX-License-Identifier: Apache-2.0
// What the parts of the test bench share: the record of the first failure.
#pragma once

#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>

namespace harness {

constexpr unsigned kAllLanes = 0xF;  // byte enables of a whole word

// The first thing that went wrong. What follows from it is not noted.
class Failure {
 public:
  void note(std::uint64_t cycle, const char* format, ...) {
    if (!text_.empty()) return;
    std::array<char, 256> text;
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    text_ = "cycle " + std::to_string(cycle) + ": " + text.data();
  }
  bool noted() const { return !text_.empty(); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace harness
