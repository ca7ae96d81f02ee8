#pragma once
// The mean utilisation and temperature of the whole fleet in each of the last 24 hours, from the history.

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "delivery/legacy/legacy_api.h"

namespace reeve::legacy {

struct HourMeans {
  std::optional<double> utilization{};  // percent; absent: nothing was measured
  std::optional<double> temperature{};  // degrees Celsius
};

using DayOfHours = std::array<HourMeans, 24>;  // index: hour of the day in the configured zone

// Threads: any. Reading never waits; the history is read on the pool, at most once a minute and less often
// where that takes long. Hours that are over are read again only now and then, in case samples came late.
class HourlyTrends : public std::enable_shared_from_this<HourlyTrends> {
 public:
  HourlyTrends(const LegacyApi& api, RunSlow run_long) : api_(api), run_long_(std::move(run_long)) {}

  // Begins to read the history when it is time for that.
  void refresh_if_due();
  DayOfHours last_day() const;

 private:
  struct Hour {
    HourMeans means{};
    Timestamp read_at{};
  };

  void refresh();
  std::optional<HourMeans> read_hour(Timestamp start) const;
  bool must_read(Timestamp start, Timestamp now) const;

  LegacyApi api_;
  RunSlow run_long_;
  mutable std::mutex mutex_;
  bool reading_ = false;
  Timestamp next_refresh_{};  // the epoch: at once
  std::map<Timestamp, Hour> hours_;
};

}  // namespace reeve::legacy
