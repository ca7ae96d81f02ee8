#pragma once
// The texts under which the MetricStore keeps series. A device or slice goes by its id ("n1-GPU-00", "n1-GPU-00-MIG-07");
// all else by the keys that are made here. What follows the first '/' is the name as it stands, whatever it holds:
// "served-model/meta-llama/Llama-3.1-8B-Instruct".

#include <string>
#include <string_view>

namespace reeve::resource_key {

inline constexpr std::string_view cluster = "cluster";  // all of a Kubernetes cluster

std::string kube_node(std::string_view node);
std::string kube_namespace(std::string_view name);
std::string pod(std::string_view namespace_name, std::string_view name);
std::string served_model(std::string_view model);
std::string engine(std::string_view engine);  // "vllm", "sglang", "unknown"

// A whole GPU: neither a slice nor one of the keys above. Samples of these make up the series of the whole fleet.
bool is_device(std::string_view resource);

}  // namespace reeve::resource_key
