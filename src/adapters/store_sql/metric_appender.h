#pragma once
// Writes sweeps of samples into the open hours. Threads: one at a time.

#include <span>

#include "adapters/store_sql/open_block.h"
#include "adapters/store_sql/series_directory.h"
#include "ports/metric_store.h"

namespace reeve {

class MetricAppender {
 public:
  // All outlive the appender.
  MetricAppender(Database& database, const MetricColumns& columns, SeriesDirectory& directory);

  // In a transaction of its own. Throws as Database does.
  Status append(std::span<const Sample> batch);

 private:
  struct Item {
    std::int64_t hour = 0;
    std::uint32_t series = 0;
    const Sample* sample = nullptr;
  };
  Status number_samples(std::span<const Sample> batch, std::vector<std::string>& added);
  void write_blocks();
  void open_sweep(std::int64_t hour);
  void write_block(std::uint32_t block);

  Database& database_;
  SeriesDirectory& directory_;
  OpenBlockWriter writer_;
  Statement add_series_;
  Statement add_sweep_;
  Statement add_block_;
  std::int64_t last_sweep_ = 0;
  std::vector<Item> items_;
};

}  // namespace reeve
