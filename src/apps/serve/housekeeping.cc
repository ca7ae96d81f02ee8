#include "apps/serve/housekeeping.h"

#include <fmt/format.h>

#include "usecases/release.h"

namespace reeve {
namespace {

constexpr Milliseconds seal_period = std::chrono::minutes(1);  // an hour is packed within a minute of its end
constexpr Milliseconds forget_period = std::chrono::hours(1);

template <class Value>
void report(const Result<Value>& outcome) {
  if (!outcome) fmt::print(stderr, "reeve: {}\n", outcome.error().message);
}

bool is_due(std::optional<Timestamp>& last, Timestamp now, Milliseconds period) {
  if (last && now - *last < period) return false;
  last = now;
  return true;
}

}  // namespace

void Housekeeping::run() {
  expire_due(allocations_, [](const Result<std::size_t>& ended) { report(ended); });
  const Timestamp now = allocations_.clock.now();
  if (is_due(sealed_at_, now, seal_period)) report(metrics_.seal(now));
  if (is_due(forgot_at_, now, forget_period)) report(metrics_.forget(now - retention_));
}

}  // namespace reeve
