#pragma once
// Everything that a cluster's API server last told, as one immutable value. Snapshots share their objects.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/enum_text.h"
#include "base/name.h"
#include "base/time.h"
#include "domain/cluster/objects.h"

namespace reeve::cluster {

// What is watched, or polled.
enum class Kind { nodes, pods, namespaces, resource_claims, resource_slices, node_metrics, pod_metrics };
inline constexpr std::size_t kind_count = 7;

constexpr std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::nodes: return "nodes";
    case Kind::pods: return "pods";
    case Kind::namespaces: return "namespaces";
    case Kind::resource_claims: return "resourceclaims";
    case Kind::resource_slices: return "resourceslices";
    case Kind::node_metrics: return "nodes.metrics.k8s.io";
    case Kind::pod_metrics: return "pods.metrics.k8s.io";
  }
  return {};
}

enum class KindState {
  off,          // no cluster is configured
  syncing,      // not listed yet
  live,         // listed; changes arrive, or the last poll succeeded
  stale,        // listed before, cut off now: what is known may be old
  unavailable,  // the API server has no such API (no metrics-server, no DRA)
  forbidden,    // we may not
};

constexpr std::string_view to_text(KindState state) {
  switch (state) {
    case KindState::off: return "off";
    case KindState::syncing: return "syncing";
    case KindState::live: return "live";
    case KindState::stale: return "stale";
    case KindState::unavailable: return "unavailable";
    case KindState::forbidden: return "forbidden";
  }
  return {};
}

struct KindStatus {
  KindState state = KindState::off;
  std::string error{};             // of the last failure that still holds: "cannot watch pods: ... (grant the verb 'watch' on 'pods')"
  std::string resource_version{};  // reached
  std::optional<Timestamp> synced_at{};  // the last finished list or poll
  std::optional<Timestamp> heard_at{};   // the last event, bookmark or answer
  std::uint64_t lists = 0;               // since the start; grows with each relist
  std::uint64_t events = 0;              // changes received by watch

  friend bool operator==(const KindStatus&, const KindStatus&) = default;
};

using PodPtr = std::shared_ptr<const Pod>;
using NodePtr = std::shared_ptr<const Node>;
using NamespacePtr = std::shared_ptr<const Namespace>;
using ClaimPtr = std::shared_ptr<const ResourceClaim>;
using SlicePtr = std::shared_ptr<const ResourceSlice>;
using UsageByPod = std::unordered_map<std::string, Usage>;  // pod_key() -> usage
using UsageByNode = std::unordered_map<NodeName, Usage>;

// "namespace/name".
std::string pod_key(std::string_view namespace_name, std::string_view name);

// No pointer in it is null; the usage tables are null until the first poll succeeded, and when it no longer does.
struct Snapshot {
  std::uint64_t version = 0;     // grows with each change
  std::string server_version{};  // "v1.37.2"; empty: not known
  std::array<KindStatus, kind_count> kinds{};
  std::vector<PodPtr> pods{};              // by namespace, then name
  std::vector<NodePtr> nodes{};            // by name
  std::vector<NamespacePtr> namespaces{};  // by name
  std::vector<ClaimPtr> claims{};          // by namespace, then name
  std::vector<SlicePtr> slices{};          // by name
  std::shared_ptr<const UsageByPod> pod_usage{};
  std::shared_ptr<const UsageByNode> node_usage{};
  // Positions in `pods`, by node; scheduled pods only.
  std::unordered_map<NodeName, std::vector<std::uint32_t>> pods_of_node{};

  const KindStatus& status(Kind kind) const { return kinds[static_cast<std::size_t>(kind)]; }
  const Pod* find_pod(std::string_view namespace_name, std::string_view name) const;
  const Node* find_node(const NodeName& name) const;
  const ResourceClaim* find_claim(std::string_view namespace_name, std::string_view name) const;
  // The pods of one namespace, a run of `pods`.
  std::span<const PodPtr> pods_in(std::string_view namespace_name) const;
  const Usage* usage_of(const Pod& pod) const;    // nullptr: not known
  const Usage* usage_of(const Node& node) const;  // nullptr: not known
};

}  // namespace reeve::cluster
