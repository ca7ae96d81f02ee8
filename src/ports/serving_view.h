#pragma once
#include <memory>
#include <vector>

#include "domain/serving/serving.h"

namespace reeve {

// The pods that serve models now, with the newest look at each. Threads: any; nothing waits.
class ServingView {
 public:
  using Servers = std::vector<serving::Server>;  // by namespace, then pod

  virtual ~ServingView() = default;
  virtual std::shared_ptr<const Servers> servers() const = 0;  // never null
};

}  // namespace reeve
