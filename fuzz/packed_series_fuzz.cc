// Packed series from any bytes: read as a chunk, and read as numbers to pack, which must come back the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/packed_series.h"
#include "codec/varint.h"

namespace {

reeve::PackedSeries series_from(std::string_view bytes) {
  reeve::VarintReader in(bytes);
  reeve::PackedSeries series;
  const std::size_t rows = in.next() % 64, columns = in.next() % 8;
  std::int64_t time = in.next_signed() / 4;
  for (std::size_t i = 0; i < rows; ++i) series.times.push_back(time += static_cast<std::int64_t>(in.next() % 100'000) + 1);
  for (std::size_t c = 0; c < columns; ++c) {
    reeve::PackedColumn column{.id = static_cast<std::uint32_t>(in.next())};
    bool gaps = false;
    for (std::size_t i = 0; i < rows; ++i) {
      const std::int64_t value = in.next_signed();
      const bool present = value % 5 != 0;
      gaps = gaps || !present;
      column.values.push_back(present ? value : 0);
      column.present.push_back(present ? 1 : 0);
    }
    if (!gaps) column.present.clear();
    series.columns.push_back(std::move(column));
  }
  return series;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static reeve::SeriesPacker packer;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  reeve::PackedSeries read;
  if (packer.unpack(bytes, read).ok())
    for (const reeve::PackedColumn& column : read.columns) REEVE_CHECK(column.values.size() == read.times.size());

  const reeve::PackedSeries series = series_from(bytes);
  std::string chunk;
  REEVE_CHECK(packer.pack(series, chunk).ok());
  REEVE_CHECK(packer.unpack(chunk, read).ok());
  REEVE_CHECK(read == series);
  return 0;
}
