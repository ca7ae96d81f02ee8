#pragma once
// Answers one SeriesQuery from one snapshot of metrics.db. Used once, by one thread; throws as Database does.

#include <map>
#include <set>

#include "adapters/store_sql/database.h"
#include "adapters/store_sql/metric_columns.h"
#include "adapters/store_sql/series_directory.h"
#include "adapters/store_sql/series_hour.h"
#include "ports/metric_store.h"

namespace reeve {

class MetricReader {
 public:
  // All outlive the reader. Precondition: the query makes sense.
  MetricReader(Database& database, const MetricColumns& columns, const SeriesDirectory& directory, const SeriesQuery& query);

  Result<std::vector<Series>> read();

 private:
  // One step of one metric while it grows, in the metric's own unit.
  struct Growing {
    Point point{};
    double sum = 0;
    std::int64_t last_at_ms = 0;
  };
  using Steps = std::map<std::int64_t, Growing>;  // by start of step

  void find_hours();
  bool answered_by_rollup(std::int64_t hour) const;
  Status read_one(const std::string& resource, std::uint32_t series, std::vector<Series>& found);
  Status read_fleet(std::vector<Series>& found);
  Status add_rollup_hour(std::int64_t hour, std::uint32_t series);
  Status add_hour_of_one(std::int64_t hour, std::uint32_t series);
  Status add_fleet_hour(std::int64_t hour);
  Status add_fleet_block(std::int64_t hour, std::uint32_t block);
  Status add_open_rows(std::int64_t hour, std::uint32_t block, std::uint32_t wanted);
  Status unpack(const std::string& bytes);
  void add_rows(const PackedSeries& series);
  Status add_rollups(const std::string& bytes, std::int64_t hour);
  void grow(Metric metric, const FixedPoint& fixed, const Rollup& rollup, std::int64_t at_ms);
  void take(const std::string& resource, std::vector<Series>& found);

  const MetricColumns& columns_;
  const SeriesDirectory& directory_;
  const SeriesQuery& query_;
  Database& database_;
  Statement chunks_;
  Statement rollups_;
  Statement open_;
  std::int64_t from_ms_;
  std::int64_t to_ms_;
  std::int64_t step_ms_;
  std::vector<std::int64_t> hours_;                       // that hold anything and touch the range, ascending
  std::set<std::int64_t> open_hours_;                     // of those, the ones with rows that are not packed yet
  std::array<std::optional<Steps>, metric_count> steps_;  // of the metrics asked for
  SeriesPacker packer_;
  PackedSeries chunk_;
  std::array<SeriesHour, block_series> rows_;
  std::vector<ColumnRollup> column_rollups_;
};

}  // namespace reeve
