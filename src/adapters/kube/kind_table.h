#pragma once
// Where the API server has each kind.

#include <array>
#include <string_view>

#include "domain/cluster/snapshot.h"

namespace reeve::kube {

struct KindInfo {
  cluster::Kind kind;
  std::string_view path;
  std::string_view group;     // as RBAC names it; empty: core
  std::string_view resource;  // "pods"
};

// In the order of cluster::Kind.
inline constexpr std::array<KindInfo, cluster::kind_count> kind_table{{
    {cluster::Kind::nodes, "/api/v1/nodes", "", "nodes"},
    {cluster::Kind::pods, "/api/v1/pods", "", "pods"},
    {cluster::Kind::namespaces, "/api/v1/namespaces", "", "namespaces"},
    {cluster::Kind::resource_claims, "/apis/resource.k8s.io/v1/resourceclaims", "resource.k8s.io", "resourceclaims"},
    {cluster::Kind::resource_slices, "/apis/resource.k8s.io/v1/resourceslices", "resource.k8s.io", "resourceslices"},
    {cluster::Kind::node_metrics, "/apis/metrics.k8s.io/v1beta1/nodes", "metrics.k8s.io", "nodes"},
    {cluster::Kind::pod_metrics, "/apis/metrics.k8s.io/v1beta1/pods", "metrics.k8s.io", "pods"},
}};

constexpr const KindInfo& info(cluster::Kind kind) { return kind_table[static_cast<std::size_t>(kind)]; }

}  // namespace reeve::kube
