#pragma once
#include <optional>

#include "ports/clock.h"
#include "ports/metric_store.h"
#include "usecases/allocate.h"

namespace reeve {

// What has to be done again and again behind the rounds: ending leases, packing closed hours, forgetting old
// metrics. Threads: one, the collector's.
class Housekeeping {
 public:
  Housekeeping(AllocationContext allocations, MetricStore& metrics, Milliseconds retention)
      : allocations_(allocations), metrics_(metrics), retention_(retention) {}

  // Called after each round; does what is due.
  void run();

 private:
  AllocationContext allocations_;
  MetricStore& metrics_;
  Milliseconds retention_;
  std::optional<Timestamp> sealed_at_{};
  std::optional<Timestamp> forgot_at_{};
};

}  // namespace reeve
