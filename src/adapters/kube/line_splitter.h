#pragma once
// Cuts what a watch sends into lines.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace reeve::kube {

// A line whose end did not come is never given out: the connection was cut in the middle of it.
// Invalid argument: a line is longer than the limit, or what the caller's function fails with.
class LineSplitter {
 public:
  using OnLine = std::function<Status(std::string_view line)>;

  explicit LineSplitter(OnLine on_line, std::size_t line_bytes_max = 8 << 20)
      : on_line_(std::move(on_line)), line_bytes_max_(line_bytes_max) {}

  // Empty lines are left out; the line is valid during the call.
  Status feed(std::string_view chunk);
  std::size_t kept() const { return kept_.size(); }

 private:
  Status give(std::string_view line);

  OnLine on_line_;
  std::size_t line_bytes_max_;
  std::string kept_{};
};

}  // namespace reeve::kube
