#include "apps/serve/cluster_access.h"

#include <cstdlib>
#include <optional>
#include <string>

#include "adapters/kube/cluster_watch.h"
#include "adapters/kube/credentials_access.h"
#include "adapters/kube/in_cluster.h"
#include "adapters/kube/kubeconfig.h"

namespace reeve {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets one
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<kube::ClusterAccess> access_of(const KubernetesConfig& config) {
  if (config.access == KubernetesConfig::Access::in_cluster) return kube::in_cluster_access(environment);
  return kube::read_kubeconfig(kube::kubeconfig_files(config.kubeconfig, environment), config.context);
}

}  // namespace

Result<ClusterLink> link_cluster(const KubernetesConfig& config, const Clock& clock) {
  if (config.access == KubernetesConfig::Access::off) return ClusterLink{{}, kube::make_no_cluster_view()};
  auto access = access_of(config);
  if (!access) return access.error();
  if (!config.namespace_name.empty()) access->namespace_name = config.namespace_name;
  const auto credentials = std::make_shared<kube::Credentials>(std::move(*access));
  if (const auto usable = credentials->connect(); !usable) return usable.error();
  return ClusterLink{credentials,
                     kube::make_cluster_view(kube::access_with(credentials), clock, {.poll_interval = config.metrics_interval})};
}

}  // namespace reeve
