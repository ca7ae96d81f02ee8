#pragma once
// How the store numbers metrics. The numbers live in metric_columns, so that a chunk of long ago stays readable when the
// metric table of the program changes; a metric whose resolution changes gets a new number.

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "adapters/store_sql/database.h"
#include "domain/metrics/metric.h"

namespace reeve {

// A value as the store keeps it: how many times the metric's resolution.
class FixedPoint {
 public:
  FixedPoint() = default;
  explicit FixedPoint(double resolution) : factor_(resolution >= 1 ? resolution : std::round(1 / resolution)), divides_(resolution < 1) {}

  // Absent when it is not finite, or beyond what a double holds exactly.
  std::optional<std::int64_t> store(double value) const {
    const double scaled = divides_ ? value * factor_ : value / factor_;
    if (!(std::abs(scaled) <= exact_max)) return std::nullopt;
    if (std::abs(scaled) >= exact_max / 4) return static_cast<std::int64_t>(scaled);  // a half would not fit
    return static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  }
  double load(double scaled) const { return divides_ ? scaled / factor_ : scaled * factor_; }

 private:
  static constexpr double exact_max = 9'007'199'254'740'992.0;  // 2^53
  double factor_ = 1;
  bool divides_ = false;
};

class MetricColumns {
 public:
  struct Column {
    std::uint32_t id = 0;
    std::optional<Metric> metric{};  // absent: this program does not know it any more
    FixedPoint fixed{};
  };

  // Reads the numbers and gives one to each stored metric that has none. Throws as Database does.
  explicit MetricColumns(Database& database);

  // Of stored metrics, in the order of the metric table.
  const std::vector<Column>& stored() const { return stored_; }
  // nullptr when there is no such number.
  const Column* find(std::uint32_t id) const { return id < by_id_.size() && by_id_[id] ? &*by_id_[id] : nullptr; }

 private:
  std::vector<Column> stored_;
  std::vector<std::optional<Column>> by_id_;
};

}  // namespace reeve
