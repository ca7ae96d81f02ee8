#pragma once
// Where the GPUs of a cluster's nodes can be observed: pods that are recognised as Reeve agents or as a vendor's exporter.

#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/name.h"
#include "domain/cluster/snapshot.h"

namespace reeve::cluster {

enum class ExporterKind { reeve_agent, dcgm_exporter, amd_exporter, intel_xpumd, gaudi_exporter };

constexpr std::string_view to_text(ExporterKind kind) {
  switch (kind) {
    case ExporterKind::reeve_agent: return "reeve-agent";
    case ExporterKind::dcgm_exporter: return "dcgm-exporter";
    case ExporterKind::amd_exporter: return "amd-device-metrics-exporter";
    case ExporterKind::intel_xpumd: return "intel-xpumd";
    case ExporterKind::gaudi_exporter: return "gaudi-exporter";
  }
  return {};
}

struct DiscoveredTarget {
  std::string url{};  // "http://10.0.0.7:9400", "http://[fd00::7]:9400"; a path, if any, goes before /metrics
  ExporterKind kind = ExporterKind::reeve_agent;
  NodeName node{};
  std::string pod{};  // "gpu-operator/nvidia-dcgm-exporter-x7k2p": where it was found

  friend bool operator==(const DiscoveredTarget&, const DiscoveredTarget&) = default;
};

struct DiscoveredTargets {
  std::vector<DiscoveredTarget> targets{};  // by node, then kind
  std::vector<std::string> problems{};      // pods that were recognised and cannot be used: "cannot scrape <pod>: <why>"
};

// Running pods with an address only. A node's GPUs of one vendor are observed in one place: by the Reeve agent where there is
// one that is ready, else by an exporter; of several of a kind the one that is ready and stays.
// The annotations prometheus.io/port, /path and /scheme are respected; prometheus.io/scrape is not, since it says only that
// some Prometheus finds the pod by another way.
DiscoveredTargets discover_targets(const Snapshot& snapshot);

}  // namespace reeve::cluster
