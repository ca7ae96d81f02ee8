#pragma once
#include "ports/clock.h"

namespace reeve {

// The machine's clock, cut to milliseconds. Threads: any.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }
};

}  // namespace reeve
