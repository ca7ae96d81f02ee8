#pragma once
#include <atomic>

#include "base/check.h"
#include "base/time.h"
#include "ports/clock.h"

namespace reeve {

// A clock that tests turn by hand. Threads: any.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(std::string_view start = "2026-11-24T12:00:00Z") {
    const auto time = parse_rfc3339(start);
    REEVE_CHECK(time.has_value());
    now_ = *time;
  }
  Timestamp now() const override { return now_; }
  void advance(Milliseconds by) { now_ = now_.load() + by; }

 private:
  std::atomic<Timestamp> now_;
};

}  // namespace reeve
