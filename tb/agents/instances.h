// SPDX-License-Identifier: Apache-2.0
// The objects behind the instances of a module, by the path of the instance. They live as long as the process.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace agents {

template <typename T>
std::map<std::string, std::unique_ptr<T>>& instances() {
  static std::map<std::string, std::unique_ptr<T>> all;
  return all;
}

// Make the object of an instance, or return the one that is there.
template <typename T>
T* instance(const char* scope) {
  auto& one = instances<T>()[scope];
  if (!one) one = std::make_unique<T>();
  return one.get();
}

// Return the object of an instance, or null.
template <typename T>
T* find(const char* scope) {
  const auto found = instances<T>().find(scope);
  return found == instances<T>().end() ? nullptr : found->second.get();
}

}  // namespace agents
