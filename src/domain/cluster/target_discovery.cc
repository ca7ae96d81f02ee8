#include "domain/cluster/target_discovery.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/parse.h"
#include "domain/cluster/gpu_resources.h"

namespace reeve::cluster {
namespace {

// What makes a pod an exporter: one label, and for labels that others use too a second one or a port's name.
struct Rule {
  ExporterKind kind;
  std::string_view label;
  std::string_view value;  // "*-x": any that ends in "-x"
  std::string_view also_label = {};
  std::string_view also_value = {};
  std::string_view needs_port = {};  // a container port of this name has to be there
};

constexpr std::string_view name_label = "app.kubernetes.io/name";

// Sources: our own manifests; NVIDIA/dcgm-exporter deployment/templates (name), its plain dcgm-exporter.yaml (name), gpu-operator
// assets/state-dcgm-exporter (app), GKE's managed DCGM (name); ROCm/device-metrics-exporter docs (app of the Helm release),
// ROCm/gpu-operator internal/metricsexporter (name with port exporter-port); intel/xpumanager charts/xpumd (name);
// Gaudi: Intel's habana-metric-exporter manifests (name).
constexpr std::array rules{
    Rule{ExporterKind::reeve_agent, name_label, "reeve-agent"},
    Rule{ExporterKind::reeve_agent, name_label, "reeve", "app.kubernetes.io/component", "agent"},
    Rule{ExporterKind::reeve_agent, "app", "reeve-agent"},
    Rule{ExporterKind::dcgm_exporter, name_label, "dcgm-exporter"},
    Rule{ExporterKind::dcgm_exporter, "app", "nvidia-dcgm-exporter"},
    Rule{ExporterKind::dcgm_exporter, "app", "dcgm-exporter"},
    Rule{ExporterKind::dcgm_exporter, "app.kubernetes.io/component", "dcgm-exporter"},
    Rule{ExporterKind::dcgm_exporter, name_label, "gke-managed-dcgm-exporter"},
    Rule{ExporterKind::amd_exporter, "app", "*-amdgpu-metrics-exporter"},
    Rule{ExporterKind::amd_exporter, "app", "amd-device-metrics-exporter"},
    Rule{ExporterKind::amd_exporter, name_label, "device-metrics-exporter"},
    Rule{ExporterKind::amd_exporter, name_label, "metrics-exporter", {}, {}, "exporter-port"},
    Rule{ExporterKind::intel_xpumd, name_label, "xpumd"},
    Rule{ExporterKind::gaudi_exporter, name_label, "habana-metric-exporter-ds"},
    Rule{ExporterKind::gaudi_exporter, name_label, "habana-metric-exporter"},
    Rule{ExporterKind::gaudi_exporter, name_label, "habana-exporter"},
    Rule{ExporterKind::gaudi_exporter, name_label, "metric-exporter-ds", {}, {}, "habana-metrics"},
};

// Where a kind of exporter answers, and whose devices it shows.
struct Listens {
  GpuVendor vendor;
  std::array<std::string_view, 3> port_names;  // tried in this order
  int port;                                    // when no port has such a name; 0: then there is none
};

constexpr Listens listens(ExporterKind kind) {
  switch (kind) {
    case ExporterKind::reeve_agent: return {GpuVendor::nvidia, {"metrics", "http-metrics", "http"}, 9400};
    case ExporterKind::dcgm_exporter: return {GpuVendor::nvidia, {"metrics", "gpu-metrics", "http-metrics"}, 9400};
    case ExporterKind::amd_exporter: return {GpuVendor::amd, {"exporter-port", "metrics", "http-metrics"}, 5000};
    // The chart names its one port "http"; where its Prometheus exporter listens is configuration, so none is guessed.
    case ExporterKind::intel_xpumd: return {GpuVendor::intel, {"metrics", "prometheus", "http"}, 0};
    case ExporterKind::gaudi_exporter: return {GpuVendor::habana, {"habana-metrics", "metrics", "http-metrics"}, 41611};
  }
  return {};
}

bool has_label(const Pod& pod, std::string_view label, std::string_view wanted) {
  const std::string* value = find(pod.meta.labels, label);
  if (value == nullptr) return false;
  return wanted.starts_with('*') ? value->ends_with(wanted.substr(1)) : *value == wanted;
}

int port_named(const Pod& pod, std::string_view name) {
  for (const Container& container : pod.containers)
    for (const ContainerPort& port : container.ports)
      if (port.name == name) return port.port;
  return 0;
}

std::optional<ExporterKind> recognise(const Pod& pod) {
  for (const Rule& rule : rules) {
    if (!has_label(pod, rule.label, rule.value)) continue;
    if (!rule.also_label.empty() && !has_label(pod, rule.also_label, rule.also_value)) continue;
    if (!rule.needs_port.empty() && port_named(pod, rule.needs_port) == 0) continue;
    return rule.kind;
  }
  return std::nullopt;
}

Error cannot(const Pod& pod, std::string_view why) {
  return {Errc::invalid_argument, fmt::format("cannot scrape pod {}/{}: {}", pod.meta.namespace_name, pod.meta.name, why)};
}

Result<int> port_of(const Pod& pod, const Listens& kind) {
  if (const std::string* text = find(pod.meta.annotations, "prometheus.io/port")) {
    const auto port = parse_number<int>(*text);
    if (!port || *port < 1 || *port > 65'535) return cannot(pod, fmt::format("its annotation prometheus.io/port is '{:.40}'", *text));
    return *port;
  }
  for (const std::string_view name : kind.port_names)
    if (const int port = port_named(pod, name); port != 0) return port;
  if (kind.port != 0) return kind.port;
  return cannot(pod, "it has no container port named metrics, prometheus or http; add the annotation prometheus.io/port");
}

// What goes before "/metrics": empty as a rule.
Result<std::string> path_of(const Pod& pod) {
  const std::string* text = find(pod.meta.annotations, "prometheus.io/path");
  if (text == nullptr || text->empty()) return std::string();
  constexpr std::string_view end = "/metrics";
  std::string path = text->starts_with('/') ? *text : "/" + *text;
  const bool plain = std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
  if (!plain || !path.ends_with(end))
    return cannot(pod, fmt::format("its annotation prometheus.io/path is '{:.80}', which does not end in {}", *text, end));
  path.resize(path.size() - end.size());
  return path;
}

Result<std::string> url_of(const Pod& pod, const Listens& kind) {
  const auto port = port_of(pod, kind);
  if (!port) return port.error();
  const auto path = path_of(pod);
  if (!path) return path.error();
  const std::string* scheme = find(pod.meta.annotations, "prometheus.io/scheme");
  const bool v6 = pod.ip.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}{}", scheme != nullptr && *scheme == "https" ? "https" : "http", v6 ? "[" : "", pod.ip, v6 ? "]" : "",
                     *port, *path);
}

// Less is better. An agent that is not ready leaves its node to an exporter that is.
auto rank(const Pod& pod, ExporterKind kind) {
  return std::tuple(pod.meta.deleted_at.has_value(), !pod.ready, kind, std::string_view(pod.meta.namespace_name),
                    std::string_view(pod.meta.name));
}

}  // namespace

DiscoveredTargets discover_targets(const Snapshot& snapshot) {
  struct Best {
    const Pod* pod;
    ExporterKind kind;
    std::string url;
  };
  std::map<std::pair<std::string_view, GpuVendor>, Best> best;
  DiscoveredTargets found;
  for (const PodPtr& pod : snapshot.pods) {
    if (pod->phase != PodPhase::running || pod->ip.empty() || pod->node.empty() || pod->meta.labels.empty()) continue;
    const auto kind = recognise(*pod);
    if (!kind) continue;
    auto url = url_of(*pod, listens(*kind));
    if (!url) {
      found.problems.push_back(url.error().message);
      continue;
    }
    Best candidate{pod.get(), *kind, std::move(*url)};
    const auto [at, first] = best.try_emplace({pod->node.text, listens(*kind).vendor}, candidate);
    if (!first && rank(*pod, *kind) < rank(*at->second.pod, at->second.kind)) at->second = std::move(candidate);
  }
  for (auto& [where, place] : best)
    found.targets.push_back(
        {std::move(place.url), place.kind, place.pod->node, pod_key(place.pod->meta.namespace_name, place.pod->meta.name)});
  return found;
}

}  // namespace reeve::cluster
