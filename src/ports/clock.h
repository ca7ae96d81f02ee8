#pragma once
#include "base/time.h"

namespace reeve {

// The only source of the current time. Tests turn a FakeClock by hand; nothing in domain/ or usecases/
// may ask the operating system. Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

}  // namespace reeve
