#pragma once
#include <memory>

#include "adapters/kube/api_reader.h"
#include "adapters/kube/credentials.h"

namespace reeve::kube {

// The way to the API server of these credentials, which it shares.
ApiAccess access_with(std::shared_ptr<Credentials> credentials);

}  // namespace reeve::kube
