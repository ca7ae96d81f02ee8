#include "adapters/kube/api_access.h"

#include <utility>

namespace reeve::kube {

ApiAccess access_with(std::shared_ptr<Credentials> credentials) {
  ApiAccess access;
  access.base_path = credentials->access().base_path;
  access.connect = [credentials] { return credentials->connect(); };
  access.authorize = [credentials]() -> Result<http::Headers> { return credentials->headers(); };
  access.renew = [credentials] { return credentials->renew(); };
  return access;
}

}  // namespace reeve::kube
