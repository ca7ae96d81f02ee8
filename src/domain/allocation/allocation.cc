#include "domain/allocation/allocation.h"

#include <algorithm>

#include "base/check.h"

namespace reeve {

MicroUsd cost_until(const Allocation& allocation, Timestamp until) {
  REEVE_CHECK(allocation.cost_per_hour.has_value());
  REEVE_CHECK(until >= allocation.allocated_at);
  constexpr std::int64_t ms_per_hour = Milliseconds(std::chrono::hours(1)).count();
  // Hours and rest apart: a cluster's rate times a decade of milliseconds leaves 64 bits.
  const std::int64_t rate = allocation.cost_per_hour->count();
  const std::int64_t held = (until - allocation.allocated_at).count();
  const std::int64_t rest =
      rate / ms_per_hour * (held % ms_per_hour) + (rate % ms_per_hour * (held % ms_per_hour) + ms_per_hour / 2) / ms_per_hour;
  return MicroUsd(rate * (held / ms_per_hour) + rest);
}

Allocation ended(Allocation allocation, AllocationStatus status, Timestamp at) {
  allocation.status = status;
  allocation.released_at = std::max(at, allocation.allocated_at);
  if (allocation.cost_per_hour) allocation.total_cost = cost_until(allocation, *allocation.released_at);
  return allocation;
}

}  // namespace reeve
