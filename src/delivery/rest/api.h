#pragma once
// The REST API under /api/v1. One file a resource; docs/errors explains its problems, api/openapi.json is its
// contract, checked against these routes by a test.

#include <functional>
#include <string>
#include <vector>

#include "domain/catalogue/catalogue.h"
#include "domain/cost/price_list.h"
#include "domain/health/thresholds.h"
#include "net/http/router.h"
#include "ports/clock.h"
#include "ports/cluster_view.h"
#include "ports/collect_status.h"
#include "ports/fleet_keeper.h"
#include "ports/fleet_store.h"
#include "ports/holdings_view.h"
#include "ports/id_source.h"
#include "ports/job_board.h"
#include "ports/metric_store.h"
#include "ports/serving_view.h"
#include "usecases/allocate.h"
#include "usecases/register_device.h"

namespace reeve::rest {

// What the handlers need. All borrowed: it outlives the routes, and the routes outlive the server.
struct Api {
  FleetKeeper& keeper;
  const FleetStore& store;
  const MetricStore& metrics;
  const Catalogue& catalogue;
  const PriceList& prices;
  const Clock& clock;
  IdSource& ids;
  const CollectStatus& collect;
  const JobBoard& jobs;
  const ClusterView& cluster;
  const HoldingsView& holdings;
  const ServingView& serving;
  // Runs work that may wait for the disk on a thread of its own, so that no HTTP thread ever does. False:
  // too much waits already; the work is dropped and the client hears UNAVAILABLE.
  std::function<bool(std::move_only_function<void()>)> run_blocking;
  // Values older than this are shown as stale.
  Milliseconds stale_after{30'000 * health::stale_after_rounds};
  std::string version = "0.1.0";
  std::string cluster_name{};  // of the Kubernetes cluster; empty: none was given
  // At most one `readings` event in this time, and one comment line in that, on /api/v1/stream.
  Milliseconds stream_period{1'000};
  Milliseconds stream_heartbeat{15'000};
  // Readings change all the time; the overview is computed again at most once in this time for their sake.
  Milliseconds overview_period{250};

  AllocationContext allocation_context() const { return {keeper, store, catalogue, prices, clock, ids, stale_after, &holdings}; }
  InventoryContext inventory_context() const { return {keeper, catalogue, clock}; }
};

// Everything under /api/v1. The routes hold what they share (caches, the stream's thread): destroy them
// before what `api` refers to.
std::vector<http::Route> api_routes(Api& api);

// /healthz, /readyz, /version, /openapi.json and /errors/{code}.
std::vector<http::Route> system_routes(Api& api);

// For the router: problem details for unknown paths and methods.
http::Handler not_found_handler();
http::Handler method_not_allowed_handler();

}  // namespace reeve::rest
