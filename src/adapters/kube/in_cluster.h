#pragma once
#include <functional>
#include <optional>
#include <string>

#include "adapters/kube/credentials.h"
#include "base/result.h"

namespace reeve::kube {

// The value of an environment variable; absent when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

inline constexpr const char* service_account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";

// What Kubernetes gives to a pod: KUBERNETES_SERVICE_HOST and _PORT, and `token`, `ca.crt` and `namespace` in the folder.
// Unavailable: we run in no pod, or its service account is not mounted; the message says which.
Result<ClusterAccess> in_cluster_access(const Environment& environment, const std::string& folder = service_account_folder);

}  // namespace reeve::kube
