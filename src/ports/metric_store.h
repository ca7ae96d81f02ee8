#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/inventory/observation.h"
#include "domain/metrics/metric_values.h"

namespace reeve {

// One look at one device or slice, or at one thing of a Kubernetes cluster.
struct Sample {
  std::string resource{};  // text of a DeviceId or InstanceId, or a key of domain/metrics/resource_key.h
  Timestamp at{};
  MetricValues values{};  // only metrics with `stored` are kept, each rounded to its `resolution`; a value that is not finite is absent
};

// Aggregate of one metric over one step. count == 0: nothing was measured, the rest is meaningless.
struct Point {
  Timestamp at{};  // start of the step, a multiple of the step since the epoch
  std::uint32_t count = 0;
  double min = 0;
  double max = 0;
  double mean = 0;
  double last = 0;  // of the newest sample; over many resources: of whichever was measured last

  friend bool operator==(const Point&, const Point&) = default;
};

struct Series {
  std::string resource{};  // empty: all devices of the fleet taken together
  Metric metric{};
  std::vector<Point> points{};  // ascending; steps without a sample are left out
};

struct SeriesQuery {
  // Empty: the whole fleet, as one series a metric over the samples of all devices. Slices are left out of it,
  // since their memory and power are part of their device's, and so is all that is no device.
  std::vector<std::string> resources{};
  std::vector<Metric> metrics{};
  Timestamp from{};     // inclusive
  Timestamp to{};       // exclusive
  Milliseconds step{};  // > 0; raw samples when it is not larger than the raw interval
};

// Where samples are kept: newest in memory is not its business, history is.
//
// Threads:  any. Writes run one after the other; an append does not wait for a whole seal() or forget().
// Order:    samples of one resource may come out of order within the open hours and late by any time.
// Failures: `unavailable` leaves the store unchanged and is worth a retry.
// Every adapter passes testing/metric_store_conformance.h; that file is the precise contract.
class MetricStore {
 public:
  virtual ~MetricStore() = default;

  // All of `batch` is kept, or none of it. A second sample of one resource at one time replaces the first.
  virtual Status append(std::span<const Sample> batch) = 0;

  // Packs every hour that ended before `now`, and makes its rollups. Returns how many resource-hours it packed.
  virtual Result<std::size_t> seal(Timestamp now) = 0;

  // In the order of the query's resources, then of its metrics; a series without a point is left out.
  // Invalid argument: step <= 0, or from > to.
  virtual Result<std::vector<Series>> query(const SeriesQuery& query) const = 0;

  // Forgets every hour that ended at or before `before`, raw and rollup, and every event older than `before`;
  // returns how many resource-hours.
  virtual Result<std::size_t> forget(Timestamp before) = 0;

  // All or nothing. Device events (Xid): an event with the same device, time and code is kept once.
  virtual Status append_events(std::span<const DeviceEvent> events) = 0;
  // Newest first; `device` empty: all; at in [from, to).
  virtual Result<std::vector<DeviceEvent>> list_events(const GpuUuid& device, Timestamp from, Timestamp to, std::size_t limit) const = 0;
};

}  // namespace reeve
