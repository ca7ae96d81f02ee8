#pragma once
// What the routes of the old API share. Internal to the module.

#include <memory>
#include <vector>

#include "delivery/legacy/cluster_board.h"
#include "delivery/legacy/fleet_summary.h"
#include "delivery/legacy/legacy_api.h"
#include "delivery/legacy/live_usage.h"
#include "delivery/legacy/one_at_a_time.h"
#include "delivery/legacy/prepared.h"
#include "delivery/legacy/trends.h"

namespace reeve::legacy {

// A span in hours that a client may ask for: up to a year, as the old /gpu/forecast had it.
inline constexpr int hours_max = 8760;

struct Shared {
  explicit Shared(const LegacyApi& from)
      : api(from),
        prepared(std::make_shared<PreparedAnswers>(from.keeper, from.clock, from.run_slow)),
        run_long([lane = std::make_shared<OneAtATime>(from.run_slow)](OneAtATime::Job job) { return lane->run(std::move(job)); }),
        histories(std::make_shared<PreparedAnswers>(from.keeper, from.clock, run_long)),
        trends(std::make_shared<HourlyTrends>(from, run_long)),
        board(std::make_shared<ClusterBoard>(from)),
        usage(std::make_shared<LiveUsage>(from, board)),
        listening(usage->listen()) {}

  LegacyApi api;
  std::shared_ptr<PreparedAnswers> prepared;   // from the fleet: milliseconds
  RunSlow run_long;                            // one job at a time
  std::shared_ptr<PreparedAnswers> histories;  // from the history of the whole fleet: seconds and more
  std::shared_ptr<HourlyTrends> trends;
  std::shared_ptr<ClusterBoard> board;
  std::shared_ptr<LiveUsage> usage;
  std::vector<std::shared_ptr<void>> listening;  // of `usage`
  std::shared_ptr<RememberedAllocations> allocations = std::make_shared<RememberedAllocations>();
};

using SharedPtr = std::shared_ptr<const Shared>;
using Routes = std::vector<http::Route>;

void add_overview_routes(Routes& routes, const SharedPtr& shared);
void add_health_routes(Routes& routes, const SharedPtr& shared);
void add_device_routes(Routes& routes, const SharedPtr& shared);
void add_allocation_routes(Routes& routes, const SharedPtr& shared);
void add_metric_routes(Routes& routes, const SharedPtr& shared);
void add_resource_list_routes(Routes& routes, const SharedPtr& shared);
void add_resource_status_routes(Routes& routes, const SharedPtr& shared);
void add_resource_history_routes(Routes& routes, const SharedPtr& shared);

}  // namespace reeve::legacy
