#pragma once
// One hour of one series on its way from open rows and an older chunk into one chunk and its rollup.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/store_sql/open_block.h"
#include "codec/packed_series.h"

namespace reeve {

// Collects rows in any order; of two rows at one time the later added wins whole.
class SeriesHour {
 public:
  void add(std::int64_t time_ms, const std::vector<OpenCell>& cells);
  void add(const PackedSeries& older);
  bool empty() const { return rows_.empty(); }
  void clear();

  // All rows, by time. The result is valid until the next call.
  const PackedSeries& merged();

 private:
  struct Row {
    std::int64_t time;
    std::uint32_t first_cell;
    std::uint32_t cells;
  };
  void keep_last_of_each_time();
  std::size_t slot_of(std::uint32_t column, std::size_t rows);

  std::vector<Row> rows_;
  std::vector<OpenCell> cells_;
  std::vector<int> slot_of_column_;  // -1: none yet
  PackedSeries merged_;
};

// Exact aggregate of one column over one span: fixed-point numbers.
struct Rollup {
  std::uint32_t count = 0;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t sum = 0;
  std::int64_t last = 0;
  std::int64_t last_at_ms = 0;

  void add(std::int64_t value, std::int64_t at_ms);
  void add(const Rollup& other);
  friend bool operator==(const Rollup&, const Rollup&) = default;
};

struct ColumnRollup {
  std::uint32_t column = 0;
  Rollup rollup{};
  friend bool operator==(const ColumnRollup&, const ColumnRollup&) = default;
};

std::vector<ColumnRollup> rollups_of(const PackedSeries& series);

// Times are written as milliseconds since `hour_ms`.
void write_rollups(std::string& out, const std::vector<ColumnRollup>& rollups, std::int64_t hour_ms);
// False when the text is broken.
bool read_rollups(std::string_view text, std::int64_t hour_ms, std::vector<ColumnRollup>& rollups);

}  // namespace reeve
