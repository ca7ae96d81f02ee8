#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ports/node_source.h"

namespace reeve {

struct TargetStatus {
  Target target{};
  NodeName node{};  // as the target last named itself; empty when it never answered
  std::optional<Timestamp> last_attempt{};
  std::optional<Timestamp> last_success{};
  std::string last_error{};                // empty when the last attempt succeeded
  std::optional<Milliseconds> duration{};  // of the last attempt
};

struct RoundStatus {
  Timestamp started_at{};
  Milliseconds duration{};
  std::size_t targets = 0;
  std::size_t failed = 0;
};

// How the collection of readings goes. Threads: any; never waits for a round in progress.
class CollectStatus {
 public:
  virtual ~CollectStatus() = default;
  virtual std::vector<TargetStatus> targets() const = 0;      // by url
  virtual std::optional<RoundStatus> last_round() const = 0;  // the last finished one
  // Why a part of the target configuration is not in force; empty when all of it is.
  virtual std::string targets_error() const { return {}; }
};

}  // namespace reeve
