#pragma once
// Many samples of one resource in few bytes: times and columns of fixed-point numbers, as differences in
// zig-zag varints, compressed with zstd. Exact: what goes in comes out, gaps included.
//
//   chunk   = version byte (2), zstd frame with content size and checksum, of:
//   frame   = length of payload, payload, noise bits of all columns that have some
//   payload = rows, columns, first time, differences of differences of times, column...
//   column  = id, flags (1: gaps, 2: constant, 4 x (1 + Guess): values are in the noise bits),
//             [runs present, absent, present ... until all rows], first value, [differences]; only present values are written

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace reeve {

struct PackedColumn {
  std::uint32_t id = 0;                 // what the caller means by it
  std::vector<std::int64_t> values{};   // one a row; 0 where absent
  std::vector<std::uint8_t> present{};  // one a row, 1 or 0; empty: all are present

  bool has(std::size_t row) const { return present.empty() || present[row] != 0; }
  friend bool operator==(const PackedColumn&, const PackedColumn&) = default;
};

struct PackedSeries {
  std::vector<std::int64_t> times{};  // strictly ascending
  std::vector<PackedColumn> columns{};

  friend bool operator==(const PackedSeries&, const PackedSeries&) = default;
};

// Rows x columns of one chunk: an hour of 64 metrics at 30 Hz, and a bound on what hostile bytes can make us allocate.
inline constexpr std::size_t packed_cells_max = std::size_t{1} << 23;

// Holds the compressor's working memory (about 1 MiB), so keep one. Threads: one at a time.
class SeriesPacker {
 public:
  SeriesPacker();
  ~SeriesPacker();

  // Appends the chunk to `out`. Precondition: times ascend strictly, columns have as many values as there are times.
  // Exhausted: more than packed_cells_max cells.
  Status pack(const PackedSeries& series, std::string& out);

  // Into `series`, whose memory is used again. Invalid argument: not a chunk, cut off, changed, or of a later version; `series` is
  // then meaningless. Any bytes are safe.
  Status unpack(std::string_view chunk, PackedSeries& series);

 private:
  struct Zstd;
  std::unique_ptr<Zstd> zstd_;
  std::string payload_;
  std::string noise_;
  std::vector<std::int64_t> numbers_;
};

}  // namespace reeve
