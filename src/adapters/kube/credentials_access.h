#pragma once
#include <memory>

#include "adapters/kube/api_reader.h"
#include "adapters/kube/credentials.h"

namespace reeve::kube {

// What those who watch need of the credentials; keeps them.
ApiAccess access_with(const std::shared_ptr<Credentials>& credentials);

}  // namespace reeve::kube
