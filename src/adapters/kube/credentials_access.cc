#include "adapters/kube/credentials_access.h"

namespace reeve::kube {

ApiAccess access_with(const std::shared_ptr<Credentials>& credentials) {
  return {.connect = [credentials] { return credentials->connect(); },
          .authorize = [credentials] { return Result<http::Headers>(credentials->headers()); },
          .renew = [credentials] { return credentials->renew(); },
          .base_path = credentials->access().base_path};
}

}  // namespace reeve::kube
