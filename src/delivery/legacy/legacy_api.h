#pragma once
// The old system's API under /k8s-monitor/api/v1, for the clients that already exist: a thin mapping over
// the same use cases and the same fleet as /api/v1. What differs from the old system is listed in
// docs/compatibility.md.

#include <functional>
#include <vector>

#include "delivery/legacy/local_time.h"
#include "domain/catalogue/catalogue.h"
#include "domain/cost/price_list.h"
#include "net/http/router.h"
#include "ports/clock.h"
#include "ports/cluster_view.h"
#include "ports/collect_control.h"
#include "ports/collect_status.h"
#include "ports/fleet_keeper.h"
#include "ports/fleet_store.h"
#include "ports/holdings_view.h"
#include "ports/id_source.h"
#include "ports/metric_store.h"
#include "ports/serving_view.h"

namespace reeve::legacy {

// Runs a job that may wait (database, large answers) on a pool of threads, never on an HTTP thread. False:
// too many jobs wait already, and this one was dropped.
using RunSlow = std::function<bool(std::move_only_function<void()>)>;

struct LegacyOptions {
  LocalZone zone{};
  Milliseconds collection_interval{30'000};  // of the collector: what is shown, and when values are stale
  std::chrono::days metrics_retention{400};
};

// All borrowed; everything outlives the routes, and the pool behind `run_slow` finishes before anything
// else here is destroyed.
struct LegacyApi {
  FleetKeeper& keeper;
  const FleetStore& store;
  MetricStore& metrics;
  const Catalogue& catalogue;
  const PriceList& prices;
  const Clock& clock;
  IdSource& ids;
  CollectControl& collector;
  const CollectStatus& collect_status;
  ClusterView& cluster;
  const HoldingsView& holdings;
  const ServingView& serving;
  RunSlow run_slow;
  LegacyOptions options{};
};

// Handlers never block; safe to call from any thread.
std::vector<http::Route> legacy_routes(const LegacyApi& api);

// Is this path answered in the old system's way, errors included?
bool is_legacy_path(std::string_view path);

// The old framework's 404 and 405, for paths of which is_legacy_path() is true.
http::Handler legacy_not_found(const LegacyApi& api);
http::Handler legacy_method_not_allowed(const LegacyApi& api);

}  // namespace reeve::legacy
