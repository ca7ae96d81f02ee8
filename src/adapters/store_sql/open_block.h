#pragma once
// The samples of one sweep for up to 64 neighbouring series, as bytes: what an open hour is kept in.
//
//   block = columns, column id ..., row ...
//   row   = bytes of the rest of the row, series (low 6 bits), milliseconds into the hour, bits of present columns, values

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/store_sql/metric_columns.h"
#include "base/time.h"
#include "codec/varint.h"
#include "domain/metrics/metric_values.h"

namespace reeve {

inline constexpr int block_series_bits = 6;
inline constexpr std::uint32_t block_series = 1u << block_series_bits;

class OpenBlockWriter {
 public:
  explicit OpenBlockWriter(const MetricColumns& columns) : known_(columns) {}

  // Begins a sweep whose samples have values of `metrics` only: its blocks have columns for those. Precondition: empty.
  void begin(const std::bitset<metric_count>& metrics);
  void add(std::uint32_t series, Milliseconds into_hour, const MetricValues& values);
  bool empty() const { return rows_.empty(); }

  // The block so far; the writer is empty again afterwards. The text is valid until the next call.
  const std::string& take();

 private:
  const MetricColumns& known_;
  std::vector<MetricColumns::Column> columns_;  // of the sweep
  std::string head_;                            // the same for all its blocks
  std::string rows_;
  std::string block_;
};

// Calls visit(series low bits, time into the hour, cells) for each row whose low bits are `wanted` (block_series: all
// rows); `cells` are (column id, value) pairs. False when the block is broken.
struct OpenCell {
  std::uint32_t column = 0;
  std::int64_t value = 0;
};

template <class Visit>
bool read_open_block(std::string_view block, std::uint32_t wanted, Visit&& visit) {
  VarintReader in(block);
  std::vector<std::uint32_t> ids(std::min<std::size_t>(in.next(), in.left()));
  for (std::uint32_t& id : ids) id = static_cast<std::uint32_t>(in.next());
  std::vector<OpenCell> cells;
  while (in.left() != 0) {
    VarintReader row(in.next_bytes(in.next()));
    const auto series = static_cast<std::uint32_t>(row.next());
    if (in.failed()) return false;
    if (wanted != block_series && series != wanted) continue;
    const auto into_hour = static_cast<std::int64_t>(row.next());
    const std::string_view bits = row.next_bytes((ids.size() + 7) / 8);
    if (row.failed()) return false;
    cells.clear();
    for (std::size_t i = 0; i < ids.size(); ++i)
      if ((static_cast<unsigned char>(bits[i / 8]) >> (i % 8) & 1) != 0) cells.push_back({ids[i], row.next_signed()});
    if (row.failed() || series >= block_series) return false;
    visit(series, Milliseconds(into_hour), cells);
  }
  return !in.failed();
}

}  // namespace reeve
