#pragma once
// The overview, computed at most every Api::overview_period for the sake of readings or of the cluster, and at once when the
// inventory or an allocation changed. All clients share its bytes.

#include <memory>
#include <mutex>
#include <string>

#include "delivery/rest/api.h"
#include "delivery/rest/records.h"

namespace reeve::rest {

std::string overview_json(const Api& api, const Scene& scene);

// Threads: any. A refresh for the sake of readings runs on the pool; meanwhile the last answer is given.
class OverviewCache final : public std::enable_shared_from_this<OverviewCache> {
 public:
  struct Entry {
    std::shared_ptr<const std::string> body{};
    std::string tag{};
    std::uint64_t version = 0;
    std::uint64_t inventory_version = 0;
    std::uint64_t cluster_version = 0;
    Timestamp at{};
  };

  explicit OverviewCache(const Api& api) : api_(api) {}
  std::shared_ptr<const Entry> get();

 private:
  // Nodes go stale without any change: even a quiet fleet is looked at again.
  static constexpr Milliseconds quiet_period{5'000};

  std::shared_ptr<const Entry> compute();

  const Api& api_;
  std::mutex mutex_{};  // held for moments only, never while computing
  std::shared_ptr<const Entry> newest_{};
  bool refreshing_ = false;
};

}  // namespace reeve::rest
