#include "adapters/store_sql/open_block.h"

namespace reeve {

void OpenBlockWriter::begin(const std::bitset<metric_count>& metrics) {
  columns_.clear();
  for (const MetricColumns::Column& column : known_.stored())
    if (metrics[static_cast<std::size_t>(*column.metric)]) columns_.push_back(column);
  head_.clear();
  append_varint(head_, columns_.size());
  for (const MetricColumns::Column& column : columns_) append_varint(head_, column.id);
}

void OpenBlockWriter::add(std::uint32_t series, Milliseconds into_hour, const MetricValues& values) {
  char row[varint_bytes_max * (metric_count + 2) + metric_count];
  char* at = write_varint(row, series % block_series);
  at = write_varint(at, static_cast<std::uint64_t>(into_hour.count()));
  char* const bits = at;
  for (std::size_t i = 0; i < (columns_.size() + 7) / 8; ++i) *at++ = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!values.has(*columns_[i].metric)) continue;
    const auto value = columns_[i].fixed.store(*values.get(*columns_[i].metric));
    if (!value) continue;
    bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << (i % 8));
    at = write_varint(at, zigzag(*value));
  }
  const auto size = static_cast<std::size_t>(at - row);
  append_varint(rows_, size);
  rows_.append(row, size);
}

const std::string& OpenBlockWriter::take() {
  block_.assign(head_);
  block_ += rows_;
  rows_.clear();
  return block_;
}

}  // namespace reeve
