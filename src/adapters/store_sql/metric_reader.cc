#include "adapters/store_sql/metric_reader.h"

#include <algorithm>

#include "adapters/store_sql/metric_keys.h"

namespace reeve {
namespace {

Error broken() { return {Errc::internal, "cannot read metrics: a stored block is broken"}; }

}  // namespace

MetricReader::MetricReader(Database& database, const MetricColumns& columns, const SeriesDirectory& directory, const SeriesQuery& query)
    : columns_(columns),
      directory_(directory),
      query_(query),
      database_(database),
      chunks_(database, "SELECT hour_series, data FROM packed_hours WHERE hour_series BETWEEN :first AND :last", "ii", "it"),
      rollups_(database, "SELECT data FROM hourly_rollups WHERE hour_series = :key", "i", "t"),
      open_(database,
            "SELECT data FROM open_blocks WHERE sweep_block IN (SELECT sweep_id << 24 | :block FROM open_sweeps WHERE hour = :hour) "
            "ORDER BY sweep_block",
            "ii", "t"),
      from_ms_(query.from.time_since_epoch().count()),
      to_ms_(query.to.time_since_epoch().count()),
      step_ms_(query.step.count()) {}

Result<std::vector<Series>> MetricReader::read() {
  for (const Metric metric : query_.metrics) steps_[static_cast<std::size_t>(metric)].emplace();
  Transaction snapshot(database_);
  find_hours();
  std::vector<Series> found;
  if (query_.resources.empty()) {
    if (const Status read = read_fleet(found); !read) return read.error();
    return found;
  }
  for (const std::string& resource : query_.resources) {
    const auto series = directory_.find(resource);
    if (!series) continue;
    if (const Status read = read_one(resource, *series, found); !read) return read.error();
  }
  return found;
}

void MetricReader::find_hours() {
  const auto touches = [&](std::int64_t hour) { return (hour + 1) * hour_ms > from_ms_ && hour * hour_ms < to_ms_; };
  Statement open(database_, "SELECT DISTINCT hour FROM open_sweeps", "", "i");
  open.for_each([&] {
    if (touches(open.integer(0))) open_hours_.insert(open.integer(0));
  });
  std::set<std::int64_t> hours = open_hours_;
  Statement packed(database_, "SELECT (SELECT min(hour_series) FROM packed_hours) >> 24, (SELECT max(hour_series) FROM packed_hours) >> 24",
                   "", "ii");
  packed.for_each([&] {
    if (packed.is_null(0)) return;
    const std::int64_t first = std::max(packed.integer(0), from_ms_ / hour_ms);
    const std::int64_t last = std::min(packed.integer(1), to_ms_ / hour_ms);
    for (std::int64_t hour = first; hour <= last; ++hour)
      if (touches(hour)) hours.insert(hours.end(), hour);
  });
  hours_.assign(hours.begin(), hours.end());
}

bool MetricReader::answered_by_rollup(std::int64_t hour) const {
  const bool whole = hour * hour_ms >= from_ms_ && (hour + 1) * hour_ms <= to_ms_;
  return step_ms_ % hour_ms == 0 && whole && !open_hours_.contains(hour);
}

Status MetricReader::read_one(const std::string& resource, std::uint32_t series, std::vector<Series>& found) {
  for (const std::int64_t hour : hours_)
    if (const Status added = add_hour_of_one(hour, series); !added) return added;
  take(resource, found);
  return Done{};
}

Status MetricReader::add_rollup_hour(std::int64_t hour, std::uint32_t series) {
  Status done = Done{};
  rollups_.bind(0, hour_series(hour, series));
  rollups_.for_each([&] { done = add_rollups(rollups_.text(0), hour); });
  return done;
}

Status MetricReader::add_hour_of_one(std::int64_t hour, std::uint32_t series) {
  if (answered_by_rollup(hour)) return add_rollup_hour(hour, series);
  const std::int64_t key = hour_series(hour, series);
  Status done = Done{};
  bool packed = false;
  chunks_.bind(0, key);
  chunks_.bind(1, key);
  chunks_.for_each([&] {
    packed = true;
    done = unpack(chunks_.text(1));
  });
  if (!done) return done;
  if (!open_hours_.contains(hour)) {
    if (packed) add_rows(chunk_);
    return done;
  }
  SeriesHour& rows = rows_[series % block_series];
  rows.clear();
  if (packed) rows.add(chunk_);
  if (done = add_open_rows(hour, block_of(series), series % block_series); !done) return done;
  add_rows(rows.merged());
  return done;
}

Status MetricReader::read_fleet(std::vector<Series>& found) {
  for (const std::int64_t hour : hours_)
    if (const Status added = answered_by_rollup(hour) ? add_rollup_hour(hour, fleet_series) : add_fleet_hour(hour); !added) return added;
  take("", found);
  return Done{};
}

Status MetricReader::add_fleet_hour(std::int64_t hour) {
  if (directory_.next_id() == 0) return Done{};
  for (std::uint32_t block = 0; block <= block_of(directory_.next_id() - 1); ++block)
    if (const Status added = add_fleet_block(hour, block); !added) return added;
  return Done{};
}

Status MetricReader::add_fleet_block(std::int64_t hour, std::uint32_t block) {
  const std::uint32_t first = block << block_series_bits;
  for (SeriesHour& rows : rows_) rows.clear();
  Status done = Done{};
  chunks_.bind(0, hour_series(hour, first));
  chunks_.bind(1, hour_series(hour, first + block_series - 1));
  chunks_.for_each([&] {
    const std::uint32_t series = series_of(chunks_.integer(0));
    if (!done || !directory_.is_device(series)) return;
    if (done = unpack(chunks_.text(1)); !done) return;
    if (open_hours_.contains(hour))
      rows_[series % block_series].add(chunk_);
    else
      add_rows(chunk_);
  });
  if (!done || !open_hours_.contains(hour)) return done;
  if (done = add_open_rows(hour, block, block_series); !done) return done;
  for (std::uint32_t i = 0; i < block_series; ++i)
    if (!rows_[i].empty() && directory_.is_device(first + i)) add_rows(rows_[i].merged());
  return done;
}

Status MetricReader::add_open_rows(std::int64_t hour, std::uint32_t block, std::uint32_t wanted) {
  bool whole = true;
  open_.bind(0, std::int64_t{block});
  open_.bind(1, hour);
  open_.for_each([&] {
    whole = read_open_block(open_.text(0), wanted,
                            [&](std::uint32_t series, Milliseconds into_hour, const auto& cells) {
                              rows_[series].add(hour * hour_ms + into_hour.count(), cells);
                            }) &&
            whole;
  });
  if (!whole) return broken();
  return Done{};
}

Status MetricReader::unpack(const std::string& bytes) { return packer_.unpack(bytes, chunk_).ok() ? Status(Done{}) : Status(broken()); }

void MetricReader::add_rows(const PackedSeries& series) {
  const auto begin = static_cast<std::size_t>(std::ranges::lower_bound(series.times, from_ms_) - series.times.begin());
  const auto end = static_cast<std::size_t>(std::ranges::lower_bound(series.times, to_ms_) - series.times.begin());
  for (const PackedColumn& values : series.columns) {
    const MetricColumns::Column* column = columns_.find(values.id);
    if (column == nullptr || !column->metric || !steps_[static_cast<std::size_t>(*column->metric)]) continue;
    Rollup rollup;
    std::int64_t step = -1;
    for (std::size_t i = begin; i < end; ++i) {
      if (!values.has(i)) continue;
      const std::int64_t of = series.times[i] / step_ms_;
      if (of != step && rollup.count != 0) {
        grow(*column->metric, column->fixed, rollup, step * step_ms_);
        rollup = {};
      }
      step = of;
      rollup.add(values.values[i], series.times[i]);
    }
    if (rollup.count != 0) grow(*column->metric, column->fixed, rollup, step * step_ms_);
  }
}

Status MetricReader::add_rollups(const std::string& bytes, std::int64_t hour) {
  if (!read_rollups(bytes, hour * hour_ms, column_rollups_)) return broken();
  for (const ColumnRollup& of : column_rollups_) {
    const MetricColumns::Column* column = columns_.find(of.column);
    if (column == nullptr || !column->metric || !steps_[static_cast<std::size_t>(*column->metric)]) continue;
    grow(*column->metric, column->fixed, of.rollup, hour * hour_ms / step_ms_ * step_ms_);
  }
  return Done{};
}

void MetricReader::grow(Metric metric, const FixedPoint& fixed, const Rollup& rollup, std::int64_t at_ms) {
  Growing& growing = (*steps_[static_cast<std::size_t>(metric)])[at_ms];
  Point& point = growing.point;
  const double min = fixed.load(static_cast<double>(rollup.min));
  const double max = fixed.load(static_cast<double>(rollup.max));
  const bool fresh = point.count == 0;
  point.at = Timestamp(Milliseconds(at_ms));
  point.min = fresh ? min : std::min(point.min, min);
  point.max = fresh ? max : std::max(point.max, max);
  if (fresh || rollup.last_at_ms >= growing.last_at_ms) {
    growing.last_at_ms = rollup.last_at_ms;
    point.last = fixed.load(static_cast<double>(rollup.last));
  }
  growing.sum += fixed.load(static_cast<double>(rollup.sum));
  point.count += rollup.count;
  point.mean = growing.sum / point.count;
}

void MetricReader::take(const std::string& resource, std::vector<Series>& found) {
  for (const Metric metric : query_.metrics) {
    Steps& steps = *steps_[static_cast<std::size_t>(metric)];
    if (steps.empty()) continue;
    Series series{.resource = resource, .metric = metric};
    for (const auto& [start, growing] : steps) series.points.push_back(growing.point);
    found.push_back(std::move(series));
    steps.clear();
  }
}

}  // namespace reeve
