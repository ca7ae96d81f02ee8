#pragma once
// A mean that knows when it has seen nothing.

#include <cstdint>
#include <optional>

#include "ports/metric_store.h"

namespace reeve::legacy {

struct Mean {
  double sum = 0;
  std::uint64_t count = 0;

  void add(std::optional<double> value) {
    if (!value) return;
    sum += *value;
    ++count;
  }
  void add(const Point& point) {
    sum += point.mean * point.count;
    count += point.count;
  }
  void add(const Mean& other) {
    sum += other.sum;
    count += other.count;
  }
  std::optional<double> get() const { return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count)); }
};

}  // namespace reeve::legacy
