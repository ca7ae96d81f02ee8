#include "adapters/kube/in_cluster.h"

#include <fmt/format.h>

#include "adapters/kube/text_file.h"

namespace reeve::kube {

Result<ClusterAccess> in_cluster_access(const Environment& environment, const std::string& folder) {
  const auto refuse = [](const std::string& why) {
    return Error{Errc::unavailable, fmt::format("cannot use the service account of this pod: {}", why)};
  };
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  const auto port = environment("KUBERNETES_SERVICE_PORT");
  if (!host || host->empty() || !port || port->empty())
    return refuse("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: outside of a pod, name a kubeconfig instead");
  ClusterAccess access{.name = "in-cluster", .token_file = folder + "/token"};
  const std::string url =
      host->find(':') == std::string::npos ? fmt::format("https://{}:{}", *host, *port) : fmt::format("https://[{}]:{}", *host, *port);
  if (const auto set = set_server(access, url); !set) return refuse(set.error().message);
  // The token is read when it is used, but a pod without one (automountServiceAccountToken: false) is told at once.
  for (const auto& [name, text] : {std::pair{"token", static_cast<std::string*>(nullptr)}, {"ca.crt", &access.tls.ca_pem}}) {
    auto content = read_text_file(fmt::format("{}/{}", folder, name));
    if (!content) return refuse(fmt::format("'{}/{}' cannot be read: {}", folder, name, content.error().message));
    if (content->empty()) return refuse(fmt::format("'{}/{}' is empty", folder, name));
    if (text != nullptr) *text = std::move(content).value();
  }
  if (auto content = read_text_file(folder + "/namespace"); content && !content->empty()) {
    access.namespace_name = std::move(content).value();
    while (access.namespace_name.ends_with('\n')) access.namespace_name.pop_back();
  }
  return access;
}

}  // namespace reeve::kube
