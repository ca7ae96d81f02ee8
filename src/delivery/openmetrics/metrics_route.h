#pragma once
// GET /metrics of the control plane.

#include <functional>
#include <string>

#include "delivery/openmetrics/self_metrics.h"
#include "ports/clock.h"
#include "ports/fleet_keeper.h"
#include "ports/serving_view.h"

namespace reeve::openmetrics {

// What is referred to outlives the route, which keeps a copy of this.
struct MetricsSource {
  const FleetKeeper& keeper;
  const Clock& clock;
  const CollectStatus& collect;
  const SelfMetrics& self;
  Milliseconds stale_after{};
  std::string version{};
  // Ten thousand GPUs make some megabytes: written and compressed off the HTTP threads. False: too much waits.
  std::function<bool(std::move_only_function<void()>)> run_blocking;
  const ServingView* serving = nullptr;  // nullptr: nothing is told of models
};

http::Route metrics_route(MetricsSource source);

}  // namespace reeve::openmetrics
