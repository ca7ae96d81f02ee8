#include "adapters/kube/api_path.h"

#include <fmt/format.h>

#include "net/http/target.h"

namespace reeve::kube {

std::string api_path(const ApiObject& object) {
  const ApiResource& resource = object.resource;
  std::string path =
      resource.group.empty() ? fmt::format("/api/{}", resource.version) : fmt::format("/apis/{}/{}", resource.group, resource.version);
  if (!object.namespace_name.empty()) path += "/namespaces/" + http::percent_encode(object.namespace_name);
  path += fmt::format("/{}", resource.plural);
  if (!object.name.empty()) path += "/" + http::percent_encode(object.name);
  if (!object.subresource.empty()) path += "/" + http::percent_encode(object.subresource);
  return path;
}

std::string rbac_resource(const ApiObject& object) {
  return fmt::format("{}{}{}{}{}", object.resource.plural, object.resource.group.empty() ? "" : ".", object.resource.group,
                     object.subresource.empty() ? "" : "/", object.subresource);
}

}  // namespace reeve::kube
