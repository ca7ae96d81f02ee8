#include "domain/health/cluster_health.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "domain/health/thresholds.h"

namespace reeve::health {
namespace {

std::optional<double> ratio(std::size_t part, std::size_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

Verdict judge_share(std::optional<double> share) {
  if (!share) return Verdict::unknown;
  if (*share > healthy_share) return Verdict::healthy;
  return *share > tolerable_share ? Verdict::warning : Verdict::critical;
}

Verdict judge_resources(std::optional<double> utilization, std::optional<double> celsius) {
  if (!utilization && !celsius) return Verdict::unknown;
  const double load = utilization.value_or(0);
  const double heat = celsius.value_or(0);
  if (heat > overheating_celsius || load > high_load_percent) return Verdict::critical;
  return heat > cluster_warm_celsius || load > cluster_busy_percent ? Verdict::warning : Verdict::healthy;
}

Verdict judge_alerts(const ClusterFacts& facts) {
  if (facts.alerts_critical > 0) return Verdict::critical;
  if (facts.alerts > warning_alerts_max) return Verdict::warning;
  // No alert from a cluster that nobody can see means nothing.
  return facts.nodes_fresh > 0 ? Verdict::healthy : Verdict::unknown;
}

std::optional<int> score_of(std::span<const Verdict> checks) {
  int sum = 0;
  int known = 0;
  for (const Verdict check : checks) {
    if (check == Verdict::unknown) continue;
    ++known;
    sum += check == Verdict::healthy ? healthy_score : check == Verdict::warning ? warning_score : critical_score;
  }
  if (known == 0) return std::nullopt;
  return static_cast<int>(std::lround(static_cast<double>(sum) / known));
}

}  // namespace

ClusterHealth judge_cluster(const ClusterFacts& facts) {
  ClusterHealth health;
  health.device_ratio = ratio(facts.devices_active, facts.devices);
  health.devices = judge_share(health.device_ratio);
  health.allocation_ratio = ratio(facts.allocations_healthy, facts.allocations);
  health.allocations = judge_share(health.allocation_ratio);
  health.metrics = judge_share(ratio(facts.nodes_fresh, facts.nodes_observed));
  health.resources = judge_resources(facts.utilization_percent, facts.temperature_celsius);
  health.alerts = judge_alerts(facts);
  const std::array checks{health.devices, health.allocations, health.metrics, health.resources, health.alerts};
  health.overall = std::ranges::max(checks);
  health.score = score_of(checks);
  return health;
}

}  // namespace reeve::health
