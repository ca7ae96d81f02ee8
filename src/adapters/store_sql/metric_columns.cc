#include "adapters/store_sql/metric_columns.h"

#include <map>

namespace reeve {

MetricColumns::MetricColumns(Database& database) {
  std::map<std::pair<std::string, double>, std::uint32_t> known;
  Statement rows(database, "SELECT column_id, name, resolution FROM metric_columns", "", "itr");
  std::uint32_t next = 0;
  rows.for_each([&] {
    const auto id = static_cast<std::uint32_t>(rows.integer(0));
    known[{rows.text(1), rows.real(2)}] = id;
    next = std::max(next, id + 1);
  });
  Statement add(database, "INSERT INTO metric_columns (column_id, name, resolution) VALUES (:id, :name, :resolution)", "itr");
  for (const MetricInfo& metric : metric_table) {
    if (!metric.stored) continue;
    const auto [place, fresh] = known.try_emplace({std::string(metric.name), metric.resolution}, next);
    if (fresh) {
      add.bind(0, std::int64_t{next++});
      add.bind(1, metric.name);
      add.bind(2, metric.resolution);
      add.execute();
    }
    stored_.push_back({.id = place->second, .metric = metric.metric, .fixed = FixedPoint(metric.resolution)});
  }
  by_id_.resize(next);
  for (const auto& [name_and_resolution, id] : known) {
    const MetricInfo* metric = metric_by_name(name_and_resolution.first);
    by_id_[id] = {.id = id,
                  .metric = metric == nullptr ? std::nullopt : std::optional(metric->metric),
                  .fixed = FixedPoint(name_and_resolution.second)};
  }
}

}  // namespace reeve
