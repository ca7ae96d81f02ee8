#include "domain/health/cluster_health.h"

#include <gtest/gtest.h>

namespace reeve::health {
namespace {

ClusterFacts healthy_cluster() {
  return {.devices = 100,
          .devices_active = 97,
          .allocations = 40,
          .allocations_healthy = 40,
          .nodes_observed = 10,
          .nodes_fresh = 10,
          .utilization_percent = 57,
          .temperature_celsius = 64};
}

TEST(ClusterHealth, a_healthy_cluster_scores_100) {
  const ClusterHealth health = judge_cluster(healthy_cluster());
  EXPECT_EQ(health.overall, Verdict::healthy);
  EXPECT_EQ(health.score, 100);
  EXPECT_DOUBLE_EQ(*health.device_ratio, 0.97);
}

TEST(ClusterHealth, one_critical_alert_makes_the_cluster_critical_and_lowers_its_score) {
  ClusterFacts facts = healthy_cluster();
  facts.alerts = facts.alerts_critical = 1;
  const ClusterHealth health = judge_cluster(facts);
  EXPECT_EQ(health.overall, Verdict::critical);
  EXPECT_EQ(health.score, 86);  // (4 x 100 + 30) / 5
}

TEST(ClusterHealth, shares_of_active_devices_have_three_levels) {
  ClusterFacts facts = healthy_cluster();
  facts.devices_active = 90;
  EXPECT_EQ(judge_cluster(facts).devices, Verdict::warning);
  facts.devices_active = 70;
  EXPECT_EQ(judge_cluster(facts).devices, Verdict::critical);
}

TEST(ClusterHealth, allocations_on_failed_devices_count) {
  ClusterFacts facts = healthy_cluster();
  facts.allocations_healthy = 30;
  EXPECT_EQ(judge_cluster(facts).allocations, Verdict::warning);
}

TEST(ClusterHealth, nodes_without_fresh_values_count_against_the_metrics) {
  ClusterFacts facts = healthy_cluster();
  facts.nodes_fresh = 5;
  EXPECT_EQ(judge_cluster(facts).metrics, Verdict::critical);
}

TEST(ClusterHealth, heat_and_load_are_judged_by_their_means) {
  ClusterFacts facts = healthy_cluster();
  facts.temperature_celsius = 81;
  EXPECT_EQ(judge_cluster(facts).resources, Verdict::warning);
  facts.temperature_celsius = std::nullopt;
  facts.utilization_percent = 96;
  EXPECT_EQ(judge_cluster(facts).resources, Verdict::critical);
}

TEST(ClusterHealth, an_empty_cluster_is_unknown_and_has_no_score) {
  const ClusterHealth health = judge_cluster({});
  EXPECT_EQ(health.overall, Verdict::unknown);
  EXPECT_EQ(health.score, std::nullopt);
  EXPECT_EQ(health.device_ratio, std::nullopt);
}

}  // namespace
}  // namespace reeve::health
