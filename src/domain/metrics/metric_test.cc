#include "domain/metrics/metric.h"

#include <gtest/gtest.h>

#include <set>

namespace reeve {
namespace {

TEST(MetricTable, rows_stand_in_the_order_of_the_enum) {
  for (std::size_t i = 0; i < metric_count; ++i) EXPECT_EQ(static_cast<std::size_t>(metric_table[i].metric), i);
}

TEST(MetricTable, no_two_metrics_share_a_name) {
  std::set<std::string_view> names;
  for (const MetricInfo& row : metric_table) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(names.insert(row.dcgm_name).second) << row.dcgm_name;
  }
}

TEST(MetricTable, only_counters_end_in_total) {
  for (const MetricInfo& row : metric_table)
    if (row.name.ends_with("_total")) {
      EXPECT_EQ(row.kind, MetricKind::counter) << row.name;
    }
}

TEST(MetricTable, what_is_measured_of_devices_stands_first) {
  EXPECT_EQ(device_metrics().size(), device_metric_count);
  for (std::size_t i = 0; i < metric_count; ++i)
    EXPECT_EQ(metric_table[i].scope == MetricScope::device, i < device_metric_count) << metric_table[i].name;
}

TEST(MetricTable, what_is_not_of_a_device_has_a_name_of_our_own_and_a_history) {
  for (const MetricInfo& row : metric_table) {
    if (row.scope == MetricScope::device) continue;
    EXPECT_TRUE(row.stored) << row.name;
    EXPECT_TRUE(row.dcgm_name.starts_with("reeve_") && row.dcgm_name.ends_with(row.name)) << row.dcgm_name;
  }
}

TEST(MetricTable, a_metric_is_found_by_both_of_its_names) {
  for (const MetricInfo& row : metric_table) {
    EXPECT_EQ(metric_by_name(row.name), &row);
    EXPECT_EQ(metric_by_dcgm_name(row.dcgm_name), &row);
  }
  EXPECT_EQ(metric_by_name("no_such_metric"), nullptr);
}

}  // namespace
}  // namespace reeve
