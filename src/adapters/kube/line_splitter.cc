#include "adapters/kube/line_splitter.h"

#include <fmt/format.h>

namespace reeve::kube {

Status LineSplitter::give(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line.empty() ? Status(Done{}) : on_line_(line);
}

Status LineSplitter::feed(std::string_view chunk) {
  while (!chunk.empty()) {
    const std::size_t end = chunk.find('\n');
    const std::string_view part = chunk.substr(0, end);
    if (kept_.size() + part.size() > line_bytes_max_)
      return Error{Errc::invalid_argument, fmt::format("cannot read the watch: an event has more than {} bytes", line_bytes_max_)};
    if (end == std::string_view::npos) {
      kept_ += part;
      return Done{};
    }
    chunk.remove_prefix(end + 1);
    if (kept_.empty()) {
      if (auto status = give(part); !status) return status;
      continue;
    }
    kept_ += part;
    const auto status = give(kept_);
    kept_.clear();
    // A large event does not keep its room for ever.
    if (kept_.capacity() > 256 << 10) kept_.shrink_to_fit();
    if (!status) return status;
  }
  return Done{};
}

}  // namespace reeve::kube
