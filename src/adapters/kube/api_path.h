#pragma once
// Where the API has its objects, and how RBAC names them.

#include <string>
#include <string_view>

namespace reeve::kube {

struct ApiResource {
  std::string_view group{};  // empty: core
  std::string_view version = "v1";
  std::string_view plural{};  // "pods"
};

inline constexpr ApiResource api_nodes{.plural = "nodes"};
inline constexpr ApiResource api_pods{.plural = "pods"};
inline constexpr ApiResource api_namespaces{.plural = "namespaces"};
inline constexpr ApiResource api_events{.group = "events.k8s.io", .plural = "events"};
inline constexpr ApiResource api_leases{.group = "coordination.k8s.io", .plural = "leases"};

// One object; or all of a namespace, or of the cluster, where name or namespace_name is empty.
struct ApiObject {
  ApiResource resource{};
  std::string namespace_name{};
  std::string name{};
  std::string subresource{};  // "status"
};

// "/api/v1/namespaces/a/pods/b/status", "/apis/coordination.k8s.io/v1/leases". Names are escaped.
std::string api_path(const ApiObject& object);

// "pods", "leases.coordination.k8s.io", "pods/status".
std::string rbac_resource(const ApiObject& object);

}  // namespace reeve::kube
