#pragma once
// Turns open hours that are over into one chunk and one rollup a series. Threads: one at a time; between its transactions
// others may write.

#include <array>
#include <mutex>

#include "adapters/store_sql/database.h"
#include "adapters/store_sql/series_directory.h"
#include "adapters/store_sql/series_hour.h"
#include "base/result.h"

namespace reeve {

class MetricSealer {
 public:
  // All outlive the sealer. `writing` is held while the database is used.
  MetricSealer(Database& database, const SeriesDirectory& directory, std::mutex& writing);

  // Packs every hour before `end_hour` in batches of a few blocks, each in a transaction that also removes what it packed: a
  // crash leaves every sample in exactly one place, and the next call goes on. Returns resource-hours. Throws as Database does.
  Result<std::size_t> seal(std::int64_t end_hour);

 private:
  std::vector<std::int64_t> open_hours(std::int64_t end_hour);
  std::vector<std::uint32_t> blocks_of(std::int64_t hour);
  std::int64_t last_sweep_of(std::int64_t hour);
  void close_sweeps(std::int64_t hour, std::int64_t last_sweep);
  Result<std::size_t> seal_hour(std::int64_t hour);
  Result<std::size_t> seal_block(std::int64_t hour, std::uint32_t block);
  Status collect_block(std::int64_t hour, std::uint32_t block);
  Status write_fleet_rollup(std::int64_t hour);
  Status pack(std::int64_t hour, std::uint32_t series, SeriesHour& rows);

  Database& database_;
  const SeriesDirectory& directory_;
  std::mutex& writing_;
  Statement hours_;
  Statement last_sweep_;
  Statement blocks_;
  Statement open_;
  Statement older_;
  Statement put_chunk_;
  Statement rollups_;
  Statement put_rollup_;
  Statement forget_block_;
  Statement forget_sweeps_;
  SeriesPacker packer_;
  PackedSeries chunk_;
  std::array<SeriesHour, block_series> rows_;
};

}  // namespace reeve
