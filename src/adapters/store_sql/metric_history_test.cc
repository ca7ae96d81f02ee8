// The metric store against its model in memory, and the bytes it keeps.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "adapters/store_sql/series_hour.h"
#include "adapters/store_sql/sql_metric_store.h"
#include "testing/memory_metric_store.h"

namespace reeve {
namespace {

const Timestamp start = parse_rfc3339("2026-11-24T00:00:00Z").value();

class RandomHistory {
 public:
  explicit RandomHistory(unsigned seed) : random_(seed) {}
  std::int64_t below(std::int64_t limit) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit)); }

  std::string resource() {
    const std::int64_t i = below(6);
    return i < 4 ? "n1-GPU-0" + std::to_string(i) : "n1-GPU-00-MIG-0" + std::to_string(i);
  }
  std::vector<Sample> batch() {
    std::vector<Sample> samples(static_cast<std::size_t>(below(5)));
    for (Sample& sample : samples) {
      sample.resource = resource();
      sample.at = start + std::chrono::seconds(30 * below(480)) + Milliseconds(below(2));  // four hours
      if (below(4) != 0) sample.values.set(Metric::gpu_utilization, static_cast<double>(below(101)));
      if (below(3) != 0) sample.values.set(Metric::power_usage, static_cast<double>(below(7000)) / 10);
      if (below(9) == 0) sample.values.set(Metric::total_energy, static_cast<double>(below(1'000'000'000'000)));
    }
    return samples;
  }
  SeriesQuery query() {
    static const std::vector<Milliseconds> steps{Milliseconds(1), std::chrono::minutes(5), std::chrono::minutes(7), std::chrono::hours(1),
                                                 std::chrono::hours(2)};
    SeriesQuery made{.metrics = {Metric::power_usage, Metric::gpu_utilization, Metric::total_energy}};
    for (std::int64_t i = below(4); i > 0; --i) made.resources.push_back(resource());
    made.from = start + std::chrono::minutes(below(240)) * (1 - below(2));
    made.to = made.from + std::chrono::minutes(below(2) == 0 ? 60 * below(5) : below(240));
    made.step = steps[static_cast<std::size_t>(below(static_cast<std::int64_t>(steps.size())))];
    return made;
  }

 private:
  std::mt19937_64 random_;
};

void expect_same(const std::vector<Series>& found, const std::vector<Series>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t s = 0; s < found.size(); ++s) {
    EXPECT_EQ(found[s].resource, expected[s].resource);
    EXPECT_EQ(found[s].metric, expected[s].metric);
    ASSERT_EQ(found[s].points.size(), expected[s].points.size());
    for (std::size_t p = 0; p < found[s].points.size(); ++p) {
      const Point &a = found[s].points[p], &b = expected[s].points[p];
      EXPECT_EQ(a.at, b.at);
      EXPECT_EQ(a.count, b.count);
      EXPECT_DOUBLE_EQ(a.min, b.min);
      EXPECT_DOUBLE_EQ(a.max, b.max);
      EXPECT_NEAR(a.mean, b.mean, 1e-9 * std::abs(b.mean) + 1e-9);
      if (!found[s].resource.empty()) {  // of a fleet, two devices may be measured at one time
        EXPECT_DOUBLE_EQ(a.last, b.last);
      }
    }
  }
}

TEST(MetricHistory, says_what_its_model_says_whatever_comes_in_which_order) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    const std::string file = testing::TempDir() + "reeve_history_" + std::to_string(::getpid()) + ".db";
    const auto forget_file = [&] {
      for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
    };
    forget_file();
    RandomHistory history(seed);
    MemoryMetricStore model;
    auto store = open_sql_metric_store(file, std::chrono::seconds(1)).value();
    for (int act = 0; act < 120 && !testing::Test::HasFailure(); ++act) {
      const std::int64_t kind = history.below(20);
      const Timestamp then = start + std::chrono::minutes(history.below(300));
      if (kind < 12) {
        const auto batch = history.batch();
        ASSERT_TRUE(store->append(batch).ok() && model.append(batch).ok());
      } else if (kind < 14) {
        EXPECT_EQ(store->seal(then).value(), model.seal(then).value()) << "seed " << seed << " act " << act;
      } else if (kind == 14 && history.below(8) == 0) {
        EXPECT_EQ(store->forget(then).value(), model.forget(then).value());
      } else if (kind == 15 && history.below(4) == 0) {
        store.reset();
        store = open_sql_metric_store(file, std::chrono::seconds(1)).value();
      } else {
        const SeriesQuery query = history.query();
        SCOPED_TRACE("seed " + std::to_string(seed) + " act " + std::to_string(act));
        expect_same(store->query(query).value(), model.query(query).value());
      }
    }
    store.reset();
    forget_file();
  }
}

TEST(SeriesHour, the_later_of_two_rows_at_one_time_wins_whole) {
  SeriesHour hour;
  hour.add(PackedSeries{.times = {1000, 2000}, .columns = {{.id = 3, .values = {7, 8}}, {.id = 5, .values = {1, 1}}}});
  hour.add(2000, {{3, 9}});
  hour.add(500, {{4, 2}});
  const PackedSeries& merged = hour.merged();
  EXPECT_EQ(merged.times, (std::vector<std::int64_t>{500, 1000, 2000}));
  ASSERT_EQ(merged.columns.size(), 3u);
  EXPECT_EQ(merged.columns[1], (PackedColumn{.id = 3, .values = {0, 7, 9}, .present = {0, 1, 1}}));
  EXPECT_EQ(merged.columns[2], (PackedColumn{.id = 5, .values = {0, 1, 0}, .present = {0, 1, 0}}));
}

TEST(Rollup, is_exact_and_comes_back_from_its_bytes) {
  PackedSeries series{.times = {3'600'000, 3'630'000, 3'660'000}};
  series.columns.push_back({.id = 9, .values = {-5, 0, 40}, .present = {1, 0, 1}});
  series.columns.push_back({.id = 10, .values = {4, 4, 0}, .present = {1, 1, 0}});
  const auto rollups = rollups_of(series);
  ASSERT_EQ(rollups.size(), 2u);
  EXPECT_EQ(rollups[0], (ColumnRollup{9, {.count = 2, .min = -5, .max = 40, .sum = 35, .last = 40, .last_at_ms = 3'660'000}}));
  EXPECT_EQ(rollups[1], (ColumnRollup{10, {.count = 2, .min = 4, .max = 4, .sum = 8, .last = 4, .last_at_ms = 3'630'000}}));
  std::string bytes;
  write_rollups(bytes, rollups, 3'600'000);
  std::vector<ColumnRollup> read;
  ASSERT_TRUE(read_rollups(bytes, 3'600'000, read));
  EXPECT_EQ(read, rollups);
  EXPECT_FALSE(read_rollups(bytes.substr(0, bytes.size() - 1), 3'600'000, read));
}

TEST(Rollup, of_two_is_that_of_all_their_samples) {
  Rollup all, first, second;
  const std::vector<std::int64_t> values{4, -9, 17, 3};
  for (std::size_t i = 0; i < values.size(); ++i) {
    all.add(values[i], static_cast<std::int64_t>(i));
    (i < 2 ? first : second).add(values[i], static_cast<std::int64_t>(i));
  }
  Rollup forward, backward;
  for (const Rollup* part : {&first, &second}) forward.add(*part);
  for (const Rollup* part : {&second, &first}) backward.add(*part);
  EXPECT_EQ(forward, all);
  EXPECT_EQ(backward, all);
}

TEST(OpenBlock, broken_bytes_are_told_and_never_read_beyond_their_end) {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % (round % 2 == 0 ? 256 : 12));
    std::size_t rows = 0;
    const auto visit = [&](std::uint32_t series, Milliseconds, const auto&) {
      EXPECT_LT(series, block_series);
      ++rows;
    };
    if (read_open_block(bytes, block_series, visit)) {
      EXPECT_LE(rows, bytes.size());
    }
  }
}

}  // namespace
}  // namespace reeve
