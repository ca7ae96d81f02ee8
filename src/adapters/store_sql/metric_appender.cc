#include "adapters/store_sql/metric_appender.h"

#include <algorithm>

#include <fmt/format.h>

#include "adapters/store_sql/metric_keys.h"

namespace reeve {

MetricAppender::MetricAppender(Database& database, const MetricColumns& columns, SeriesDirectory& directory)
    : database_(database),
      directory_(directory),
      writer_(columns),
      add_series_(database, "INSERT INTO metric_series (series_id, resource) VALUES (:id, :resource)", "it"),
      add_sweep_(database, "INSERT INTO open_sweeps (sweep_id, hour) VALUES (:sweep, :hour)", "ii"),
      add_block_(database, "INSERT INTO open_blocks (sweep_block, data) VALUES (:key, CAST(:data AS BLOB))", "it") {
  // Above every block too: those of a sealed sweep may outlive it until their hour is done.
  Statement last(
      database,
      "SELECT max((SELECT coalesce(max(sweep_id), 0) FROM open_sweeps), (SELECT coalesce(max(sweep_block), 0) >> 24 FROM open_blocks))", "",
      "i");
  last.for_each([&] { last_sweep_ = last.integer(0); });
}

Status MetricAppender::append(std::span<const Sample> batch) {
  if (batch.empty()) return Done{};
  std::vector<std::string> added;
  Transaction transaction(database_);
  if (const Status numbered = number_samples(batch, added); !numbered) return numbered;
  const auto place = [](const Item& item) { return std::pair(item.hour, block_of(item.series)); };
  if (!std::ranges::is_sorted(items_, {}, place)) std::ranges::stable_sort(items_, {}, place);
  write_blocks();
  transaction.commit();
  directory_.add(added);
  return Done{};
}

Status MetricAppender::number_samples(std::span<const Sample> batch, std::vector<std::string>& added) {
  items_.clear();
  std::unordered_map<std::string, std::uint32_t> fresh;
  const std::uint32_t first = directory_.next_id();
  for (const Sample& sample : batch) {
    if (sample.at < Timestamp{})
      return Error{Errc::invalid_argument,
                   fmt::format("cannot append a sample of '{}': {} is before 1970", sample.resource, to_rfc3339(sample.at))};
    auto series = directory_.find(sample.resource);
    if (!series) {
      const auto [place, is_new] = fresh.try_emplace(sample.resource, first + static_cast<std::uint32_t>(fresh.size()));
      series = place->second;
      if (*series > series_max)
        return Error{Errc::exhausted, fmt::format("cannot append a sample of '{}': too many resources", sample.resource)};
      if (is_new) {
        add_series_.bind(0, std::int64_t{*series});
        add_series_.bind(1, sample.resource);
        add_series_.execute();
        added.push_back(sample.resource);
      }
    }
    items_.push_back({hour_of(sample.at), *series, &sample});
  }
  return Done{};
}

void MetricAppender::write_blocks() {
  std::bitset<metric_count> metrics;
  for (const Item& item : items_) metrics |= item.sample->values.present();
  writer_.begin(metrics);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (i == 0 || items_[i - 1].hour != item.hour) open_sweep(item.hour);
    writer_.add(item.series, Milliseconds(item.sample->at.time_since_epoch().count() - item.hour * hour_ms), item.sample->values);
    const bool block_ends =
        i + 1 == items_.size() || items_[i + 1].hour != item.hour || block_of(items_[i + 1].series) != block_of(item.series);
    if (block_ends) write_block(block_of(item.series));
  }
}

void MetricAppender::open_sweep(std::int64_t hour) {
  add_sweep_.bind(0, ++last_sweep_);
  add_sweep_.bind(1, hour);
  add_sweep_.execute();
}

void MetricAppender::write_block(std::uint32_t block) {
  add_block_.bind(0, sweep_block(last_sweep_, block));
  add_block_.bind(1, writer_.take());
  add_block_.execute();
}

}  // namespace reeve
