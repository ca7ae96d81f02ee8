#pragma once
#include <vector>

#include "base/result.h"
#include "domain/inventory/holder.h"

namespace reeve {

// Who holds devices of this machine, as its kubelet says. Device ids are as the device plug-ins name them.
//
// Threads:  one call at a time.
// Failures: `unavailable`: there is no kubelet, or it does not answer; `timed_out`. Nothing is known then.
class HolderObserver {
 public:
  virtual ~HolderObserver() = default;
  virtual Result<std::vector<HolderObservation>> observe() = 0;
};

}  // namespace reeve
