// Tables of metrics.db. Keys that name an hour and a series, or a sweep and a block, are one whole number each, so that
// SQLite stores the bytes beside the rowid: hours since the epoch << 24 | series, and sweep << 24 | block.

#include <array>

#include "adapters/store_sql/migration.h"

namespace reeve {
namespace {

constexpr std::string_view first_tables = R"(
CREATE TABLE metric_columns (
  column_id INTEGER PRIMARY KEY, name TEXT NOT NULL, resolution REAL NOT NULL, UNIQUE (name, resolution));
CREATE TABLE metric_series (series_id INTEGER PRIMARY KEY, resource TEXT NOT NULL UNIQUE);
CREATE TABLE open_sweeps (sweep_id INTEGER PRIMARY KEY, hour INTEGER NOT NULL);
CREATE INDEX idx_open_sweeps_hour ON open_sweeps (hour, sweep_id);
CREATE TABLE open_blocks (sweep_block INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE packed_hours (hour_series INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE hourly_rollups (hour_series INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE device_events (
  gpu_uuid TEXT NOT NULL, at INTEGER NOT NULL, code INTEGER NOT NULL, gpu_instance INTEGER, sequence INTEGER NOT NULL,
  PRIMARY KEY (gpu_uuid, at, code)) WITHOUT ROWID;
CREATE INDEX idx_device_events_at ON device_events (at);
)";

constexpr std::array<Migration, 1> migrations{{{1, "first tables", first_tables}}};

}  // namespace

const std::span<const Migration> metric_migrations = migrations;

}  // namespace reeve
