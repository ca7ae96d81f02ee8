#include "codec/packed_series.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "codec/varint.h"

namespace reeve {
namespace {

PackedSeries unpacked(std::string_view chunk) {
  PackedSeries series;
  const Status status = SeriesPacker().unpack(chunk, series);
  EXPECT_TRUE(status.ok()) << status.error().message;
  return series;
}

std::string packed(const PackedSeries& series) {
  std::string chunk;
  EXPECT_TRUE(SeriesPacker().pack(series, chunk).ok());
  return chunk;
}

TEST(Varint, numbers_of_either_sign_survive) {
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{64},
                                    std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    std::string text;
    append_varint(text, zigzag(number));
    VarintReader in(text);
    EXPECT_EQ(in.next_signed(), number);
    EXPECT_FALSE(in.failed());
    EXPECT_EQ(in.left(), 0u);
  }
}

TEST(Varint, a_number_that_is_cut_off_fails_and_stays_failed) {
  VarintReader in("\x80");
  EXPECT_EQ(in.next(), 0u);
  EXPECT_TRUE(in.failed());
  EXPECT_EQ(in.next(), 0u);
  EXPECT_TRUE(in.failed());
}

TEST(PackedSeries, an_hour_survives_exactly) {
  PackedSeries series;
  for (int i = 0; i < 120; ++i) series.times.push_back(1'764'000'000'000 + i * 30'000 + i % 3);
  for (std::uint32_t id = 0; id < 14; ++id) {
    PackedColumn column{.id = id * 7};
    for (int i = 0; i < 120; ++i) column.values.push_back((i * 37 * (id + 1)) % 101 - 50);
    series.columns.push_back(std::move(column));
  }
  EXPECT_EQ(unpacked(packed(series)), series);
}

TEST(PackedSeries, gaps_are_exact) {
  PackedSeries series{.times = {1, 2, 3, 4, 5}};
  series.columns.push_back({.id = 1, .values = {0, 7, 0, 0, 9}, .present = {0, 1, 0, 0, 1}});
  series.columns.push_back({.id = 2, .values = {7, 7, 0, 7, 7}, .present = {1, 1, 0, 1, 1}});
  series.columns.push_back({.id = 3, .values = {0, 0, 0, 0, 0}, .present = {0, 0, 0, 0, 0}});
  series.columns.push_back({.id = 4, .values = {1, 2, 3, 4, 5}});
  EXPECT_EQ(unpacked(packed(series)), series);
}

TEST(PackedSeries, extreme_numbers_and_times_survive) {
  constexpr std::int64_t min = std::numeric_limits<std::int64_t>::min(), max = std::numeric_limits<std::int64_t>::max();
  PackedSeries series{.times = {min, -1, 0, max}};
  series.columns.push_back({.id = UINT32_MAX, .values = {max, min, max, 0}});
  EXPECT_EQ(unpacked(packed(series)), series);
}

TEST(PackedSeries, noise_of_every_kind_survives) {
  std::mt19937_64 random(11);
  PackedSeries series;
  for (std::uint32_t id = 0; id < 8; ++id) series.columns.push_back({.id = id});
  std::int64_t walk = 0, counter = 1'000'000'000'000;
  for (int i = 0; i < 500; ++i) {
    series.times.push_back(i * 30'000);
    const auto noise = static_cast<std::int64_t>(random() % 100'000);
    walk += noise % 7 - 3;
    counter += 9'000'000 + noise;
    const std::int64_t values[] = {noise,
                                   walk,
                                   counter,
                                   i < 200 ? 700 : 6'700 + noise % 80,
                                   i % 100 == 0 ? noise : 5,
                                   static_cast<std::int64_t>(random()),
                                   -noise,
                                   noise * noise * 100'000'000};
    for (std::size_t c = 0; c < 8; ++c) series.columns[c].values.push_back(values[c]);
  }
  EXPECT_EQ(unpacked(packed(series)), series);
}

TEST(PackedSeries, noise_takes_hardly_more_bits_than_it_has) {
  std::mt19937_64 random(5);
  PackedSeries level, counter;
  level.columns.resize(1);
  counter.columns.resize(1);
  std::int64_t total = 0;
  for (int i = 0; i < 1'000; ++i) {
    level.times.push_back(i * 30'000);
    level.columns[0].values.push_back(50'000 + static_cast<std::int64_t>(random() % 1'024));
    counter.columns[0].values.push_back(total += 50'000 + static_cast<std::int64_t>(random() % 1'024));
  }
  counter.times = level.times;
  EXPECT_LT(packed(level).size() * 8, 1'000 * 11.5 + 400);  // 10 bits of noise
  EXPECT_LT(packed(counter).size() * 8, 1'000 * 11.5 + 400);
}

TEST(PackedSeries, nothing_at_all_survives) {
  EXPECT_EQ(unpacked(packed({})), PackedSeries{});
  EXPECT_EQ(unpacked(packed({.times = {5}})), PackedSeries{.times = {5}});
}

TEST(PackedSeries, a_chunk_is_appended_to_what_is_there) {
  std::string out = "head";
  ASSERT_TRUE(SeriesPacker().pack({.times = {5}}, out).ok());
  EXPECT_TRUE(out.starts_with("head\x02"));
  EXPECT_EQ(unpacked(std::string_view(out).substr(4)).times, std::vector<std::int64_t>{5});
}

TEST(PackedSeries, a_chunk_that_is_cut_off_or_changed_is_refused) {
  PackedSeries series;
  PackedColumn column{.id = 1};
  for (int i = 0; i < 100; ++i) {
    series.times.push_back(i * 30'000);
    column.values.push_back((i * i) % 71);
  }
  series.columns.push_back(column);
  const std::string chunk = packed(series);
  SeriesPacker packer;
  PackedSeries read;
  for (std::size_t size = 0; size < chunk.size(); ++size) EXPECT_FALSE(packer.unpack(chunk.substr(0, size), read).ok()) << size;
  for (std::size_t at = 0; at < chunk.size(); ++at) {
    std::string changed = chunk;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const bool still_same = packer.unpack(changed, read).ok() && read == series;  // unused bits of the frame header
    EXPECT_TRUE(still_same || !packer.unpack(changed, read).ok()) << at;
  }
  EXPECT_TRUE(packer.unpack(chunk, read).ok());
}

TEST(PackedSeries, a_chunk_of_a_later_version_is_told_so) {
  std::string chunk = packed({.times = {5}});
  chunk[0] = 3;
  PackedSeries read;
  EXPECT_EQ(SeriesPacker().unpack(chunk, read).error().message, "cannot read packed series: version 3 is not known");
}

TEST(PackedSeries, too_many_cells_are_refused) {
  PackedSeries series;
  series.times.resize(packed_cells_max + 1);
  std::string out;
  EXPECT_EQ(SeriesPacker().pack(series, out).error().code, Errc::exhausted);
}

TEST(PackedSeries, any_bytes_are_safe) {
  std::mt19937 random(7);
  SeriesPacker packer;
  PackedSeries read;
  const std::string good = packed({.times = {1, 2, 3}, .columns = {{.id = 1, .values = {1, 2, 3}}}});
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 4; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes[0] = 2;
    (void)packer.unpack(bytes, read).ok();
  }
}

}  // namespace
}  // namespace reeve
