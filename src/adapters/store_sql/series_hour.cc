#include "adapters/store_sql/series_hour.h"

#include <algorithm>
#include <limits>

namespace reeve {

void SeriesHour::add(std::int64_t time_ms, const std::vector<OpenCell>& cells) {
  rows_.push_back({time_ms, static_cast<std::uint32_t>(cells_.size()), static_cast<std::uint32_t>(cells.size())});
  cells_.insert(cells_.end(), cells.begin(), cells.end());
}

void SeriesHour::add(const PackedSeries& older) {
  for (std::size_t i = 0; i < older.times.size(); ++i) {
    const std::size_t first = cells_.size();
    for (const PackedColumn& column : older.columns)
      if (column.has(i)) cells_.push_back({column.id, column.values[i]});
    rows_.push_back({older.times[i], static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(cells_.size() - first)});
  }
}

void SeriesHour::clear() {
  rows_.clear();
  cells_.clear();
}

void SeriesHour::keep_last_of_each_time() {
  if (std::ranges::adjacent_find(rows_, std::greater_equal{}, &Row::time) == rows_.end()) return;
  std::ranges::stable_sort(rows_, {}, &Row::time);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i + 1 < rows_.size() && rows_[i + 1].time == rows_[i].time) continue;
    rows_[kept++] = rows_[i];
  }
  rows_.resize(kept);
}

std::size_t SeriesHour::slot_of(std::uint32_t column, std::size_t rows) {
  if (slot_of_column_.size() <= column) slot_of_column_.resize(column + 1, -1);
  int& slot = slot_of_column_[column];
  if (slot < 0) {
    slot = static_cast<int>(merged_.columns.size());
    PackedColumn& fresh = merged_.columns.emplace_back();
    fresh.id = column;
    fresh.values.assign(rows, 0);
    fresh.present.assign(rows, 0);
  }
  return static_cast<std::size_t>(slot);
}

const PackedSeries& SeriesHour::merged() {
  keep_last_of_each_time();
  std::ranges::fill(slot_of_column_, -1);
  merged_.times.clear();
  merged_.columns.clear();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    merged_.times.push_back(rows_[i].time);
    for (std::uint32_t c = 0; c < rows_[i].cells; ++c) {
      const OpenCell& cell = cells_[rows_[i].first_cell + c];
      PackedColumn& column = merged_.columns[slot_of(cell.column, rows_.size())];
      column.values[i] = cell.value;
      column.present[i] = 1;
    }
  }
  return merged_;
}

void Rollup::add(std::int64_t value, std::int64_t at_ms) {
  if (count == 0) min = max = value;
  min = std::min(min, value);
  max = std::max(max, value);
  // Stored values stay below 2^53, so only a thousand extreme ones could overflow; then the sum stops growing.
  if (__builtin_add_overflow(sum, value, &sum))
    sum = value < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  if (count == 0 || at_ms >= last_at_ms) {
    last = value;
    last_at_ms = at_ms;
  }
  ++count;
}

void Rollup::add(const Rollup& other) {
  if (other.count == 0) return;
  const std::uint32_t both = count + other.count;
  const std::int64_t smallest = count == 0 ? other.min : std::min(min, other.min);
  const std::int64_t largest = count == 0 ? other.max : std::max(max, other.max);
  const std::int64_t before = sum;
  add(other.last, other.last_at_ms);  // settles which is the last
  sum = before;
  if (__builtin_add_overflow(before, other.sum, &sum))
    sum = before < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  count = both;
  min = smallest;
  max = largest;
}

std::vector<ColumnRollup> rollups_of(const PackedSeries& series) {
  std::vector<ColumnRollup> rollups;
  for (const PackedColumn& column : series.columns) {
    Rollup rollup;
    for (std::size_t i = 0; i < series.times.size(); ++i)
      if (column.has(i)) rollup.add(column.values[i], series.times[i]);
    if (rollup.count != 0) rollups.push_back({column.id, rollup});
  }
  return rollups;
}

void write_rollups(std::string& out, const std::vector<ColumnRollup>& rollups, std::int64_t hour_ms) {
  std::int64_t newest = hour_ms;
  for (const ColumnRollup& of : rollups) newest = std::max(newest, of.rollup.last_at_ms);
  append_varint(out, static_cast<std::uint64_t>(newest - hour_ms));
  for (const auto& [column, rollup] : rollups) {
    append_varint(out, column);
    append_varint(out, rollup.count);
    append_varint(out, zigzag(rollup.min));
    append_varint(out, static_cast<std::uint64_t>(rollup.max - rollup.min));
    append_varint(out, zigzag(rollup.sum));
    append_varint(out, static_cast<std::uint64_t>(rollup.last - rollup.min));
    append_varint(out, static_cast<std::uint64_t>(newest - rollup.last_at_ms));
  }
}

bool read_rollups(std::string_view text, std::int64_t hour_ms, std::vector<ColumnRollup>& rollups) {
  VarintReader in(text);
  rollups.clear();
  const std::int64_t newest = hour_ms + static_cast<std::int64_t>(in.next());
  while (in.left() != 0) {
    ColumnRollup of;
    of.column = static_cast<std::uint32_t>(in.next());
    of.rollup.count = static_cast<std::uint32_t>(in.next());
    of.rollup.min = in.next_signed();
    of.rollup.max = of.rollup.min + static_cast<std::int64_t>(in.next());
    of.rollup.sum = in.next_signed();
    of.rollup.last = of.rollup.min + static_cast<std::int64_t>(in.next());
    of.rollup.last_at_ms = newest - static_cast<std::int64_t>(in.next());
    rollups.push_back(of);
  }
  return !in.failed();
}

}  // namespace reeve
