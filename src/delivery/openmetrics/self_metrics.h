#pragma once
// What Reeve knows of its own work: requests, collection, commits.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "delivery/openmetrics/exposition_text.h"
#include "net/http/router.h"
#include "ports/collect_status.h"

namespace reeve::openmetrics {

using Elapsed = std::chrono::steady_clock::duration;

// Counts durations in fixed buckets, 0.5 ms to 10 s. Threads: any.
class DurationHistogram {
 public:
  void observe(Elapsed elapsed);
  void write(ExpositionText& text, const Labels& labels) const;

 private:
  static constexpr std::array bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts_{};  // the last one: longer than all bounds
  std::atomic<std::uint64_t> total_nanoseconds_ = 0;
};

// Requests of one route. Threads: any.
struct RouteMeter {
  std::string method{};
  std::string path{};
  std::array<std::atomic<std::uint64_t>, 600> by_status{};
  DurationHistogram durations{};

  void observe(int status, Elapsed elapsed);
};

class SelfMetrics {
 public:
  // The same routes, each counting what it answers. From one thread, before the server starts.
  std::vector<http::Route> metered(std::vector<http::Route> routes);

  DurationHistogram& store_commits() { return store_commits_; }

  void write(ExpositionText& text, const CollectStatus& collect, std::string_view version) const;

 private:
  void write_requests(ExpositionText& text) const;

  std::vector<std::shared_ptr<RouteMeter>> routes_{};
  DurationHistogram store_commits_{};
};

}  // namespace reeve::openmetrics
