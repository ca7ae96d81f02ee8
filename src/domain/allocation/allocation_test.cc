#include "domain/allocation/allocation.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

MicroUsd cost(std::int64_t rate, Milliseconds held) {
  Allocation allocation;
  allocation.cost_per_hour = MicroUsd(rate);
  return cost_until(allocation, allocation.allocated_at + held);
}

TEST(AllocationCost, an_hour_costs_the_hourly_price) { EXPECT_EQ(cost(8'000'000, std::chrono::hours(1)), MicroUsd(8'000'000)); }

TEST(AllocationCost, a_part_of_an_hour_costs_its_part_rounded_half_up) {
  EXPECT_EQ(cost(8'000'000, std::chrono::minutes(15)), MicroUsd(2'000'000));
  EXPECT_EQ(cost(1'800'000, Milliseconds(1)), MicroUsd(1));  // 0.5 micro-dollars
  EXPECT_EQ(cost(1'799'999, Milliseconds(1)), MicroUsd(0));
}

TEST(AllocationCost, a_cluster_held_for_a_century_does_not_overflow) {
  EXPECT_EQ(cost(1'000'000'000'000, std::chrono::hours(876'000)), MicroUsd(876'000 * 1'000'000'000'000));
}

}  // namespace
}  // namespace reeve
