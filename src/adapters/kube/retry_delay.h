#pragma once
#include <algorithm>
#include <functional>

#include "base/time.h"

namespace reeve::kube {

// Uniform in [0, 1). Called from several threads.
using Random = std::function<double()>;

// How long to wait after a failure: anything up to a bound that doubles with each failure in a row ("full jitter"), so that
// many clients do not come back together.
class RetryDelay {
 public:
  RetryDelay(Milliseconds first, Milliseconds most, Random random)
      : first_(first), most_(most), bound_(first), random_(std::move(random)) {}

  Milliseconds next() {
    const Milliseconds bound = bound_;
    bound_ = std::min(bound_ * 2, most_);
    return Milliseconds(static_cast<Milliseconds::rep>(static_cast<double>(bound.count()) * random_()));
  }
  void reset() { bound_ = first_; }

 private:
  Milliseconds first_;
  Milliseconds most_;
  Milliseconds bound_;
  Random random_;
};

}  // namespace reeve::kube
