#include "domain/serving/histogram.h"

#include <gtest/gtest.h>

#include <limits>

namespace reeve::serving {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

TEST(Histogram, a_quantile_lies_within_its_bucket) {
  const Histogram four{{0.1, 0}, {0.2, 10}, {0.4, 20}, {inf, 20}};
  EXPECT_DOUBLE_EQ(*quantile(four, 0.5), 0.2);
  EXPECT_DOUBLE_EQ(*quantile(four, 0.25), 0.15);
  EXPECT_DOUBLE_EQ(*quantile(four, 0.75), 0.3);
  EXPECT_DOUBLE_EQ(*quantile(four, 1), 0.4);
  EXPECT_DOUBLE_EQ(*quantile(four, 0), 0.1) << "nothing was below";
}

TEST(Histogram, beyond_the_last_bound_it_is_the_last_bound) { EXPECT_DOUBLE_EQ(*quantile({{1, 1}, {inf, 10}}, 0.95), 1); }

TEST(Histogram, without_observations_or_bounds_there_is_no_quantile) {
  EXPECT_FALSE(quantile({}, 0.5));
  EXPECT_FALSE(quantile({{1, 0}, {inf, 0}}, 0.5));
  EXPECT_FALSE(quantile({{inf, 5}}, 0.5));
}

TEST(Histogram, what_lies_between_two_looks_is_their_difference) {
  EXPECT_EQ(*difference({{1, 5}, {inf, 9}}, {{1, 2}, {inf, 4}}), (Histogram{{1, 3}, {inf, 5}}));
  EXPECT_EQ(*difference({{1, 5}, {inf, 9}}, {}), (Histogram{{1, 5}, {inf, 9}}));
  EXPECT_EQ(*difference({{1, 9}, {inf, 9}}, {{1, 2}, {inf, 4}}), (Histogram{{1, 7}, {inf, 7}})) << "a bucket that was ahead";
  EXPECT_FALSE(difference({{1, 1}, {inf, 9}}, {{1, 2}, {inf, 4}}));
  EXPECT_FALSE(difference({{2, 5}, {inf, 9}}, {{1, 2}, {inf, 4}}));
}

TEST(Histogram, sums_keep_all_observations_whatever_the_bounds) {
  Histogram sum;
  add_to(sum, {});
  EXPECT_TRUE(sum.empty());
  add_to(sum, {{1, 10}, {inf, 12}});
  add_to(sum, {{1, 1}, {inf, 2}});
  EXPECT_EQ(sum, (Histogram{{1, 11}, {inf, 14}}));
  add_to(sum, {{0.5, 4}, {2, 8}, {inf, 8}});
  EXPECT_EQ(total_count(sum), 22);
  ASSERT_EQ(sum.size(), 4u);
  EXPECT_DOUBLE_EQ(sum[0].count, 5.5 + 4) << "half of the bucket up to 1";
  EXPECT_DOUBLE_EQ(sum[1].count, 11 + 4 + 4.0 / 3);
}

}  // namespace
}  // namespace reeve::serving
