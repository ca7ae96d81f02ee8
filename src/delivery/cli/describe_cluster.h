#pragma once
// `reeve describe pod` and `reeve describe cluster-node`.

#include <string>

#include "delivery/cli/api.h"

namespace reeve::cli {

std::string describe_pod(const Json& pod, Timestamp now);
std::string describe_cluster_node(const Json& node, Timestamp now);

}  // namespace reeve::cli
