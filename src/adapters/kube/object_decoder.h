#pragma once
// Objects of the Kubernetes API, from their JSON to what Reeve keeps of them.
//
// Tolerant: unknown fields are passed over, and what is missing, of another type or not readable is absent. Strict of
// identity: an object without a name, without the namespace that its kind has, or of another kind than asked for is an error
// (invalid argument). managedFields and kubectl's last-applied annotation are dropped, and annotations above 16 KiB.

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/cluster/objects.h"

namespace reeve::kube {

inline constexpr std::size_t annotation_bytes_max = 16 << 10;

Result<cluster::Pod> decode_pod(const boost::json::object& object);
Result<cluster::Node> decode_node(const boost::json::object& object);
Result<cluster::Namespace> decode_namespace(const boost::json::object& object);
Result<cluster::ResourceClaim> decode_resource_claim(const boost::json::object& object);
Result<cluster::ResourceSlice> decode_resource_slice(const boost::json::object& object);

// What metrics.k8s.io says of one pod (its containers together) or node. Without a reading: invalid argument.
struct NamedUsage {
  std::string namespace_name{};  // empty for a node
  std::string name{};
  cluster::Usage usage{};
};
Result<NamedUsage> decode_pod_metrics(const boost::json::object& object);
Result<NamedUsage> decode_node_metrics(const boost::json::object& object);

// The API server's own words for a failure (kind Status).
struct ApiStatus {
  int code = 0;
  std::string reason{};            // "Expired", "Forbidden"
  std::string message{};           // at most 500 characters
  bool version_too_large = false;  // a cause says ResourceVersionTooLarge: this server has not come so far yet
  std::optional<int> retry_after_seconds{};
};
std::optional<ApiStatus> decode_status(const boost::json::object& object);

}  // namespace reeve::kube
