#include "domain/metrics/resource_key.h"

#include <algorithm>
#include <array>

namespace reeve::resource_key {
namespace {

constexpr std::string_view kube_node_prefix = "kube-node/";
constexpr std::string_view namespace_prefix = "namespace/";
constexpr std::string_view pod_prefix = "pod/";
constexpr std::string_view model_prefix = "served-model/";
constexpr std::string_view engine_prefix = "engine/";
constexpr std::array prefixes{kube_node_prefix, namespace_prefix, pod_prefix, model_prefix, engine_prefix};

std::string joined(std::string_view prefix, std::string_view name) { return std::string(prefix).append(name); }

}  // namespace

std::string kube_node(std::string_view node) { return joined(kube_node_prefix, node); }
std::string kube_namespace(std::string_view name) { return joined(namespace_prefix, name); }
std::string pod(std::string_view namespace_name, std::string_view name) {
  return joined(pod_prefix, namespace_name).append("/").append(name);
}
std::string served_model(std::string_view model) { return joined(model_prefix, model); }
std::string engine(std::string_view engine) { return joined(engine_prefix, engine); }

bool is_device(std::string_view resource) {
  if (resource == cluster) return false;
  if (std::ranges::any_of(prefixes, [&](std::string_view prefix) { return resource.starts_with(prefix); })) return false;
  const std::size_t slice = resource.rfind("-MIG-");
  const std::size_t gpu = resource.rfind("-GPU-");
  return slice == std::string_view::npos || (gpu != std::string_view::npos && slice < gpu);
}

}  // namespace reeve::resource_key
