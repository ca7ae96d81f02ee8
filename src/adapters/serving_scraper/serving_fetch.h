#pragma once
// One look at one engine over HTTP. Private to adapters/serving_scraper.

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "domain/serving/engine_metrics.h"

namespace reeve::serving_scraper {

// Where to look, and what to expect there.
struct Place {
  std::string address{};  // of the pod
  serving::Identity identity{};
};

// Blocks for at most `timeout`. Certificates are not verified: they seldom name a pod's address, and nothing secret is sent.
// Unavailable, timed_out: no answer, or not a good one. Unsupported: what answers is no engine.
Result<serving::Figures> look_at(const Place& place, Milliseconds timeout, std::size_t body_bytes_max);

}  // namespace reeve::serving_scraper
