#include "apps/serve/discovered_targets.h"

#include <set>

#include "domain/cluster/target_discovery.h"

namespace reeve {
namespace {

ObservationSource source_of(cluster::ExporterKind kind) {
  switch (kind) {
    case cluster::ExporterKind::reeve_agent: return ObservationSource::reeve_agent;
    case cluster::ExporterKind::dcgm_exporter: return ObservationSource::dcgm_exporter;
    case cluster::ExporterKind::amd_exporter: return ObservationSource::amd_exporter;
    case cluster::ExporterKind::intel_xpumd: return ObservationSource::intel_exporter;
    case cluster::ExporterKind::gaudi_exporter: return ObservationSource::gaudi_exporter;
  }
  return ObservationSource::registered;
}

}  // namespace

TargetList with_discovered(TargetList configured, const cluster::Snapshot& snapshot, const std::string& cluster) {
  std::set<std::string> urls;
  std::set<NodeName> nodes;
  for (const Target& target : configured.targets) {
    urls.insert(target.url);
    if (!target.node.empty()) nodes.insert(target.node);
  }
  const cluster::DiscoveredTargets found = cluster::discover_targets(snapshot);
  for (const cluster::DiscoveredTarget& target : found.targets) {
    if (nodes.contains(target.node) || !urls.insert(target.url).second) continue;
    configured.targets.push_back({.url = target.url, .kind = source_of(target.kind), .node = target.node, .cluster = cluster});
  }
  for (const std::string& problem : found.problems) {
    if (!configured.error.empty()) configured.error += "; ";
    configured.error += problem;
  }
  return configured;
}

}  // namespace reeve
