#pragma once
// The API over a world of fakes: what its tests share.

#include <optional>
#include <vector>

#include "delivery/rest/api.h"
#include "testing/api_world.h"

namespace reeve::rest {

class NoStatus final : public CollectStatus {
 public:
  std::vector<TargetStatus> targets() const override { return {}; }
  std::optional<RoundStatus> last_round() const override { return std::nullopt; }
};

class NoJobs final : public JobBoard {
 public:
  void update(Job) override {}
  std::vector<Job> list() const override { return {}; }
  std::uint64_t version() const override { return 0; }
};

class RestWorld : protected ApiWorld {
 protected:
  using ApiWorld::ApiWorld;

  // Slow work is done at once.
  Api api_over(const CollectStatus& status, const JobBoard& jobs) {
    return {.keeper = keeper_,
            .store = keeper_.store,
            .metrics = metrics_,
            .catalogue = catalogue_,
            .prices = prices_,
            .clock = clock_,
            .ids = ids_,
            .collect = status,
            .jobs = jobs,
            .cluster = cluster_,
            .holdings = holdings_,
            .serving = serving_,
            .run_blocking = [](std::move_only_function<void()> work) { return work(), true; }};
  }
};

}  // namespace reeve::rest
