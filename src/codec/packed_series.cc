#include "codec/packed_series.h"

#include <zstd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/check.h"
#include "codec/noise_coding.h"
#include "codec/varint.h"

namespace reeve {
namespace {

constexpr char version = 2;  // 1 had no noise coding and was never released
constexpr int level = 3;     // 1 is 4 % larger and no faster on chunks of this size
constexpr std::uint64_t flag_gaps = 1;
constexpr std::uint64_t flag_constant = 2;
constexpr std::uint64_t guess_factor = 4;  // flags / 4: 0 byte-wise differences, else 1 + Guess
// A row of one column is at most a varint, and gaps add at most one varint a row.
constexpr std::size_t payload_max = packed_cells_max * 2 * varint_bytes_max;

std::int64_t minus(std::int64_t a, std::int64_t b) {  // wraps around instead of overflowing
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

char* write_times(char* at, const std::vector<std::int64_t>& times) {
  std::int64_t last = 0, step = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::int64_t next_step = minus(times[i], last);
    at = write_varint(at, zigzag(i == 0 ? times[0] : minus(next_step, step)));
    step = i == 0 ? 0 : next_step;
    last = times[i];
  }
  return at;
}

// Lengths of the stretches present, absent, present ...
char* write_runs(char* at, const std::vector<std::uint8_t>& present) {
  std::size_t run = 0;
  bool state = true;
  for (const std::uint8_t now : present) {
    if ((now != 0) != state) {
      at = write_varint(at, run);
      run = 0;
      state = !state;
    }
    ++run;
  }
  return write_varint(at, run);
}

// Bits that differences of these numbers take in varints and zstd, roughly: zstd finds runs of zeros, and gives a byte of noise
// the seven bits it holds.
std::size_t cost_of_differences(const std::vector<std::int64_t>& numbers) {
  std::size_t bits = 0, zeros = 0, stretches = 0;
  bool in_zeros = false;
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const std::uint64_t difference = zigzag(minus(numbers[i], numbers[i - 1]));
    stretches += difference == 0 && !in_zeros ? 1 : 0;
    in_zeros = difference == 0;
    zeros += in_zeros ? 1 : 0;
    for (std::uint64_t rest = difference; rest != 0; rest >>= 7) bits += 7;
  }
  return bits + std::min(zeros * 2, stretches * 24);
}

char* write_differences(char* at, const std::vector<std::int64_t>& numbers) {
  for (std::size_t i = 1; i < numbers.size(); ++i) at = write_varint(at, zigzag(minus(numbers[i], numbers[i - 1])));
  return at;
}

// `numbers` is room for the column's present values.
char* write_column(char* at, BitWriter& noise, const PackedColumn& column, std::vector<std::int64_t>& numbers) {
  const bool gaps = std::ranges::find(column.present, 0) != column.present.end();
  numbers.clear();
  for (std::size_t i = 0; i < column.values.size(); ++i)
    if (!gaps || column.has(i)) numbers.push_back(column.values[i]);
  const bool constant = std::ranges::adjacent_find(numbers, std::not_equal_to{}) == numbers.end();
  std::optional<Guess> guess;
  if (!constant) {
    const NoiseCost cost = cheapest_guess(numbers);
    if (cost.bits < cost_of_differences(numbers)) guess = cost.guess;
  }
  at = write_varint(at, column.id);
  at = write_varint(
      at, (gaps ? flag_gaps : 0) | (constant ? flag_constant : 0) | (guess ? guess_factor * (1 + static_cast<std::uint64_t>(*guess)) : 0));
  if (gaps) at = write_runs(at, column.present);
  if (numbers.empty()) return at;
  at = write_varint(at, zigzag(numbers.front()));
  if (constant) return at;
  if (!guess) return write_differences(at, numbers);
  write_noise(noise, numbers, *guess);
  return at;
}

void read_times(VarintReader& in, std::size_t rows, std::vector<std::int64_t>& times) {
  times.resize(rows);
  std::int64_t step = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int64_t number = in.next_signed();
    if (i == 0) {
      times[0] = number;
      continue;
    }
    step = plus(step, number);
    times[i] = plus(times[i - 1], step);
  }
}

bool read_runs(VarintReader& in, std::size_t rows, std::vector<std::uint8_t>& present) {
  present.resize(rows);
  std::uint8_t state = 1;
  for (std::size_t at = 0; at < rows; state ^= 1) {
    const std::uint64_t run = in.next();
    if (in.failed() || run > rows - at || (run == 0 && at != 0)) return false;
    std::fill_n(present.begin() + static_cast<std::ptrdiff_t>(at), run, state);
    at += run;
  }
  return true;
}

bool read_column(VarintReader& in, BitReader& noise, std::size_t rows, PackedColumn& column, std::vector<std::int64_t>& numbers) {
  const std::uint64_t id = in.next();
  const std::uint64_t flags = in.next();
  const std::uint64_t coding = flags / guess_factor;
  if (in.failed() || id > UINT32_MAX || coding > guess_count || (coding != 0 && (flags & flag_constant) != 0)) return false;
  column.id = static_cast<std::uint32_t>(id);
  column.present.clear();
  if ((flags & flag_gaps) != 0 && !read_runs(in, rows, column.present)) return false;
  const auto count = column.present.empty() ? rows : static_cast<std::size_t>(std::ranges::count(column.present, 1));
  numbers.assign(count, 0);
  if (count != 0) numbers[0] = in.next_signed();
  if ((flags & flag_constant) != 0 && count != 0)
    std::ranges::fill(numbers, numbers[0]);
  else if (coding != 0)
    read_noise(noise, numbers, static_cast<Guess>(coding - 1));
  else
    for (std::size_t i = 1; i < count; ++i) numbers[i] = plus(numbers[i - 1], in.next_signed());
  column.values.assign(rows, 0);
  for (std::size_t i = 0, next = 0; i < rows; ++i)
    if (column.has(i)) column.values[i] = numbers[next++];
  return !in.failed() && !noise.failed();
}

Error bad_chunk(std::string_view why) { return {Errc::invalid_argument, fmt::format("cannot read packed series: {}", why)}; }

Status read_payload(std::string_view payload, PackedSeries& series, std::vector<std::int64_t>& numbers) {
  VarintReader in(payload);
  const std::string_view bytes = in.next_bytes(in.next());
  BitReader noise(payload.substr(payload.size() - in.left()));
  if (in.failed()) return bad_chunk("sizes do not fit");
  in = VarintReader(bytes);
  const std::uint64_t rows = in.next();
  const std::uint64_t columns = in.next();
  // Every row takes a byte of times and every column two bytes at least.
  if (in.failed() || rows > in.left() || columns > in.left()) return bad_chunk("sizes do not fit");
  if (rows > packed_cells_max || columns > packed_cells_max || rows * columns > packed_cells_max) return bad_chunk("too large");
  read_times(in, rows, series.times);
  if (std::ranges::adjacent_find(series.times, std::greater_equal{}) != series.times.end()) return bad_chunk("times do not ascend");
  series.columns.resize(columns);
  for (PackedColumn& column : series.columns)
    if (!read_column(in, noise, rows, column, numbers)) return bad_chunk("a column is broken");
  if (in.failed() || in.left() != 0) return bad_chunk("wrong length");
  return Done{};
}

}  // namespace

struct SeriesPacker::Zstd {
  ZSTD_CCtx* packing = ZSTD_createCCtx();
  ZSTD_DCtx* unpacking = ZSTD_createDCtx();

  Zstd() {
    REEVE_CHECK(packing != nullptr && unpacking != nullptr);
    ZSTD_CCtx_setParameter(packing, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(packing, ZSTD_c_checksumFlag, 1);
  }
  // The bytes in one block and the noise in another, so that neither spoils the other's code table.
  std::size_t pack(std::string_view bytes, std::string_view noise, std::span<char> out) {
    ZSTD_CCtx_reset(packing, ZSTD_reset_session_only);
    ZSTD_CCtx_setPledgedSrcSize(packing, bytes.size() + noise.size());
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    ZSTD_inBuffer first{bytes.data(), bytes.size(), 0}, second{noise.data(), noise.size(), 0};
    const std::size_t flushed = ZSTD_compressStream2(packing, &to, &first, noise.empty() ? ZSTD_e_end : ZSTD_e_flush);
    REEVE_CHECK(flushed == 0 && first.pos == first.size);
    if (!noise.empty()) REEVE_CHECK(ZSTD_compressStream2(packing, &to, &second, ZSTD_e_end) == 0 && second.pos == second.size);
    return to.pos;
  }
  ~Zstd() {
    ZSTD_freeCCtx(packing);
    ZSTD_freeDCtx(unpacking);
  }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
};

SeriesPacker::SeriesPacker() : zstd_(std::make_unique<Zstd>()) {}
SeriesPacker::~SeriesPacker() = default;

Status SeriesPacker::pack(const PackedSeries& series, std::string& out) {
  const std::size_t rows = series.times.size();
  if (rows * std::max<std::size_t>(series.columns.size(), 1) > packed_cells_max)
    return Error{Errc::exhausted, fmt::format("cannot pack series: {} rows of {} columns are too many", rows, series.columns.size())};
  REEVE_CHECK(std::ranges::adjacent_find(series.times, std::greater_equal{}) == series.times.end());
  payload_.resize((2 + rows + series.columns.size() * (3 + 2 * rows)) * varint_bytes_max);
  noise_.clear();
  BitWriter noise(noise_);
  char* at = write_varint(payload_.data(), rows);
  at = write_varint(at, series.columns.size());
  at = write_times(at, series.times);
  for (const PackedColumn& column : series.columns) {
    REEVE_CHECK(column.values.size() == rows && (column.present.empty() || column.present.size() == rows));
    at = write_column(at, noise, column, numbers_);
  }
  noise.flush();
  const std::string_view bytes(payload_.data(), static_cast<std::size_t>(at - payload_.data()));
  std::string head;
  append_varint(head, bytes.size());
  const std::size_t before = out.size();
  const std::size_t room = ZSTD_compressBound(head.size() + bytes.size()) + ZSTD_compressBound(noise_.size());
  out.resize(before + 1 + room);
  out[before] = version;
  const std::size_t packed = zstd_->pack(head.append(bytes), noise_, std::span(out).subspan(before + 1));
  out.resize(before + 1 + packed);
  return Done{};
}

Status SeriesPacker::unpack(std::string_view chunk, PackedSeries& series) {
  if (chunk.empty()) return bad_chunk("it is empty");
  if (chunk.front() != version) return bad_chunk(fmt::format("version {} is not known", static_cast<int>(chunk.front())));
  chunk.remove_prefix(1);
  const unsigned long long size = ZSTD_getFrameContentSize(chunk.data(), chunk.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > payload_max) return bad_chunk("no such frame");
  // zstd packs at most some 60,000 bytes into one: a small chunk that claims much is refused before it is given the memory.
  if (size > (chunk.size() + 1) * 65'536) return bad_chunk("it claims more than it can hold");
  payload_.resize(size);
  const std::size_t got = ZSTD_decompressDCtx(zstd_->unpacking, payload_.data(), payload_.size(), chunk.data(), chunk.size());
  if (ZSTD_isError(got)) return bad_chunk(ZSTD_getErrorName(got));
  if (got != size) return bad_chunk("it is cut off");
  return read_payload(payload_, series, numbers_);
}

}  // namespace reeve
