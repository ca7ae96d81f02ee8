#pragma once
#include <functional>

#include "base/result.h"

namespace reeve {

// When the collector looks at the fleet. Threads: any; no method waits for a round.
class CollectControl {
 public:
  virtual ~CollectControl() = default;

  // Asks for a round now, also while paused. `done` hears when a round that began after this call has ended:
  // success even when single targets failed (CollectStatus tells which); unavailable when the collector
  // stops before. Requests that come together share one round.
  virtual void collect_now(std::move_only_function<void(Status)> done) = 0;

  // Paused: no round begins by itself. Not remembered across a restart.
  virtual void set_paused(bool paused) = 0;
  virtual bool is_paused() const = 0;
};

}  // namespace reeve
