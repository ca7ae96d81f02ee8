#pragma once
// The control plane put together: the only place that names its adapters.

#include <cstdint>
#include <memory>
#include <string>

#include "apps/serve/config.h"
#include "base/result.h"
#include "ports/collect_control.h"
#include "ports/fleet_keeper.h"
#include "ports/job_board.h"
#include "ports/metric_store.h"
#include "usecases/allocate.h"

namespace reeve {

// Runs from start() until it is destroyed, on threads of its own. What the accessors return lives as long.
class ControlPlane {
 public:
  // Conflict: another process uses the data directory. Unavailable: the directory, a database or the address
  // cannot be used. Invalid argument: the catalogue or the time zone is wrong.
  static Result<std::unique_ptr<ControlPlane>> start(const ServeConfig& config);

  virtual ~ControlPlane() = default;

  virtual std::uint16_t port() const = 0;
  virtual FleetKeeper& keeper() = 0;
  virtual MetricStore& metrics() = 0;
  virtual JobBoard& jobs() = 0;
  virtual CollectControl& collector() = 0;
  virtual AllocationContext allocations() = 0;
};

}  // namespace reeve
