#include "adapters/store_sql/open_block.h"

namespace reeve {

OpenBlockWriter::OpenBlockWriter(const MetricColumns& columns) : columns_(columns) {
  append_varint(head_, columns_.stored().size());
  for (const MetricColumns::Column& column : columns_.stored()) append_varint(head_, column.id);
}

void OpenBlockWriter::add(std::uint32_t series, Milliseconds into_hour, const MetricValues& values) {
  char row[varint_bytes_max * (metric_count + 2) + metric_count];
  char* at = write_varint(row, series % block_series);
  at = write_varint(at, static_cast<std::uint64_t>(into_hour.count()));
  const auto& stored = columns_.stored();
  char* const bits = at;
  for (std::size_t i = 0; i < (stored.size() + 7) / 8; ++i) *at++ = 0;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (!values.has(*stored[i].metric)) continue;
    const auto value = stored[i].fixed.store(*values.get(*stored[i].metric));
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
