#include "adapters/store_sql/metric_sealer.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "adapters/store_sql/metric_keys.h"

namespace reeve {
namespace {

// A commit costs a few pages, a batch holds as long as nothing is read: 16 blocks are a thousand series.
constexpr std::size_t blocks_per_transaction = 16;

constexpr const char* blocks_of_hour = "sweep_block IN (SELECT sweep_id << 24 | :block FROM open_sweeps WHERE hour = :hour)";

Error broken(std::int64_t hour, std::string_view what) {
  return {Errc::internal,
          fmt::format("cannot pack metrics of {}: {} is broken", to_rfc3339(Timestamp(Milliseconds(hour * hour_ms))), what)};
}

}  // namespace

MetricSealer::MetricSealer(Database& database, const SeriesDirectory& directory, std::mutex& writing)
    : database_(database),
      directory_(directory),
      writing_(writing),
      hours_(database, "SELECT DISTINCT hour FROM open_sweeps WHERE hour < :end ORDER BY hour", "i", "i"),
      last_sweep_(database, "SELECT max(sweep_id) FROM open_sweeps WHERE hour = :hour", "i", "i"),
      blocks_(database,
              "SELECT DISTINCT b.sweep_block & 16777215 FROM open_sweeps s JOIN open_blocks b ON b.sweep_block >= s.sweep_id << 24 "
              "AND b.sweep_block < (s.sweep_id + 1) << 24 WHERE s.hour = :hour",
              "i", "i"),
      open_(database, fmt::format("SELECT data FROM open_blocks WHERE {} ORDER BY sweep_block", blocks_of_hour), "ii", "t"),
      older_(database, "SELECT data FROM packed_hours WHERE hour_series = :key", "i", "t"),
      put_chunk_(database, "INSERT OR REPLACE INTO packed_hours (hour_series, data) VALUES (:key, CAST(:data AS BLOB))", "it"),
      rollups_(database, "SELECT hour_series, data FROM hourly_rollups WHERE hour_series BETWEEN :first AND :last", "ii", "it"),
      put_rollup_(database, "INSERT OR REPLACE INTO hourly_rollups (hour_series, data) VALUES (:key, CAST(:data AS BLOB))", "it"),
      forget_block_(database, fmt::format("DELETE FROM open_blocks WHERE {}", blocks_of_hour), "ii"),
      forget_sweeps_(database, "DELETE FROM open_sweeps WHERE hour = :hour AND sweep_id <= :last", "ii") {}

Result<std::size_t> MetricSealer::seal(std::int64_t end_hour) {
  std::size_t packed = 0;
  for (const std::int64_t hour : open_hours(end_hour)) {
    const auto count = seal_hour(hour);
    if (!count) return count.error();
    packed += *count;
  }
  return packed;
}

std::vector<std::int64_t> MetricSealer::open_hours(std::int64_t end_hour) {
  const std::scoped_lock lock(writing_);
  std::vector<std::int64_t> hours;
  hours_.bind(0, end_hour);
  hours_.for_each([&] { hours.push_back(hours_.integer(0)); });
  return hours;
}

std::vector<std::uint32_t> MetricSealer::blocks_of(std::int64_t hour) {
  std::set<std::uint32_t> blocks;
  blocks_.bind(0, hour);
  blocks_.for_each([&] { blocks.insert(static_cast<std::uint32_t>(blocks_.integer(0))); });
  return {blocks.begin(), blocks.end()};
}

std::int64_t MetricSealer::last_sweep_of(std::int64_t hour) {
  std::int64_t last = 0;
  last_sweep_.bind(0, hour);
  last_sweep_.for_each([&] { last = last_sweep_.integer(0); });
  return last;
}

void MetricSealer::close_sweeps(std::int64_t hour, std::int64_t last_sweep) {
  forget_sweeps_.bind(0, hour);
  forget_sweeps_.bind(1, last_sweep);
  forget_sweeps_.execute();
}

Result<std::size_t> MetricSealer::seal_hour(std::int64_t hour) {
  std::unique_lock lock(writing_);
  const std::vector<std::uint32_t> blocks = blocks_of(hour);
  const std::int64_t last_sweep = last_sweep_of(hour);  // what comes while we pack keeps the hour open
  std::size_t packed = 0;
  std::size_t next = 0;
  do {
    if (!lock.owns_lock()) lock.lock();
    Transaction transaction(database_);
    for (std::size_t i = 0; i < blocks_per_transaction && next < blocks.size(); ++i, ++next) {
      const auto count = seal_block(hour, blocks[next]);
      if (!count) return count.error();
      packed += *count;
    }
    if (next == blocks.size()) {
      if (const Status written = write_fleet_rollup(hour); !written) return written.error();
      close_sweeps(hour, last_sweep);
    }
    transaction.commit();
    lock.unlock();
  } while (next < blocks.size());
  return packed;
}

Result<std::size_t> MetricSealer::seal_block(std::int64_t hour, std::uint32_t block) {
  if (const Status collected = collect_block(hour, block); !collected) return collected.error();
  std::size_t packed = 0;
  for (std::uint32_t i = 0; i < block_series; ++i) {
    if (rows_[i].empty()) continue;
    if (const Status done = pack(hour, block << block_series_bits | i, rows_[i]); !done) return done.error();
    ++packed;
  }
  forget_block_.bind(0, std::int64_t{block});
  forget_block_.bind(1, hour);
  forget_block_.execute();
  return packed;
}

// Older chunks go in first, so that what came later wins.
Status MetricSealer::collect_block(std::int64_t hour, std::uint32_t block) {
  std::array<bool, block_series> touched{};
  std::vector<std::string> datas;
  open_.bind(0, std::int64_t{block});
  open_.bind(1, hour);
  open_.for_each([&] { datas.push_back(open_.text(0)); });
  for (SeriesHour& rows : rows_) rows.clear();
  bool whole = true;
  for (const std::string& data : datas)
    whole = read_open_block(data, block_series, [&](std::uint32_t series, Milliseconds, const auto&) { touched[series] = true; }) && whole;
  for (std::uint32_t i = 0; i < block_series; ++i) {
    if (!touched[i]) continue;
    older_.bind(0, hour_series(hour, block << block_series_bits | i));
    older_.for_each([&] {
      whole = packer_.unpack(older_.text(0), chunk_).ok() && whole;
      rows_[i].add(chunk_);
    });
  }
  for (const std::string& data : datas)
    whole = read_open_block(data, block_series,
                            [&](std::uint32_t series, Milliseconds into_hour, const auto& cells) {
                              rows_[series].add(hour * hour_ms + into_hour.count(), cells);
                            }) &&
            whole;
  if (!whole) return broken(hour, "a block or chunk");
  return Done{};
}

// From the rollups of all devices, so that late samples of a few are counted in too.
Status MetricSealer::write_fleet_rollup(std::int64_t hour) {
  std::map<std::uint32_t, Rollup> fleet;
  std::vector<ColumnRollup> one;
  bool whole = true;
  rollups_.bind(0, hour_series(hour, 0));
  rollups_.bind(1, hour_series(hour, series_max));
  rollups_.for_each([&] {
    if (!directory_.is_device(series_of(rollups_.integer(0)))) return;
    whole = read_rollups(rollups_.text(1), hour * hour_ms, one) && whole;
    for (const ColumnRollup& of : one) fleet[of.column].add(of.rollup);
  });
  if (!whole) return broken(hour, "a rollup");
  std::vector<ColumnRollup> rollups;
  for (const auto& [column, rollup] : fleet) rollups.push_back({column, rollup});
  std::string bytes;
  write_rollups(bytes, rollups, hour * hour_ms);
  put_rollup_.bind(0, hour_series(hour, fleet_series));
  put_rollup_.bind(1, bytes);
  put_rollup_.execute();
  return Done{};
}

Status MetricSealer::pack(std::int64_t hour, std::uint32_t series, SeriesHour& rows) {
  const PackedSeries& merged = rows.merged();
  std::string bytes;
  if (const Status packed = packer_.pack(merged, bytes); !packed) return packed;
  put_chunk_.bind(0, hour_series(hour, series));
  put_chunk_.bind(1, bytes);
  put_chunk_.execute();
  bytes.clear();
  write_rollups(bytes, rollups_of(merged), hour * hour_ms);
  put_rollup_.bind(0, hour_series(hour, series));
  put_rollup_.bind(1, bytes);
  put_rollup_.execute();
  return Done{};
}

}  // namespace reeve
