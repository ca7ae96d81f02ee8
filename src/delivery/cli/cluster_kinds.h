#pragma once
// The kinds of a Kubernetes cluster, with the columns that users of kubectl know.

#include <vector>

#include "delivery/cli/kinds.h"

namespace reeve::cli {

std::vector<Kind> cluster_kinds();

std::string pod_status(const Json& pod);            // "Running", "CrashLoopBackOff", "Completed", "Terminating", as kubectl says
std::string pod_ready(const Json& pod);             // "1/2": containers
std::string cluster_node_status(const Json& node);  // "Ready", "NotReady,SchedulingDisabled"

}  // namespace reeve::cli
