#pragma once
// The whole fleet in figures, from one walk over a snapshot. Overview, statistics and health show parts of it.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "delivery/legacy/device_facts.h"
#include "delivery/legacy/mean.h"
#include "domain/health/cluster_health.h"
#include "domain/health/device_health.h"

namespace reeve::legacy {

using Counts = std::map<std::string, std::int64_t>;

struct HotDevice {
  DeviceId device{};
  double celsius = 0;
  health::Severity severity = health::Severity::warning;
  Timestamp at{};
};

struct FleetSummary {
  std::size_t devices = 0, instances = 0;
  std::size_t active = 0, mig_enabled = 0, maintenance = 0, failed = 0;  // by status_of; MIG_ENABLED is not ACTIVE
  Counts by_node{}, by_model{}, by_architecture{}, by_generation{};      // nodes with at least one device
  std::int64_t memory_gb = 0;
  std::int64_t memory_free_gb = 0;                                   // of GPUs and slices that somebody could be given
  Mean utilization{}, memory_utilization{}, temperature{}, power{};  // over GPUs with fresh values
  std::vector<HotDevice> hot{};                                      // above the overheating limit, hottest first
  std::size_t hot_critical = 0;
  std::optional<Timestamp> newest_reading{};
  std::size_t nodes_observed = 0, nodes_fresh = 0;

  std::optional<double> power_watts() const { return power.count > 0 ? std::optional(power.sum) : std::nullopt; }
  // Share of the memory that nobody new could be given. Absent: there is none.
  std::optional<double> memory_taken_percent() const {
    if (memory_gb == 0) return std::nullopt;
    return 100.0 * static_cast<double>(memory_gb - memory_free_gb) / static_cast<double>(memory_gb);
  }
};

FleetSummary summarise(const Moment& moment);

// Who holds what, of the allocations that hold now.
struct AllocationSummary {
  std::size_t count = 0;
  std::size_t healthy = 0;  // on a GPU in service
  Counts by_workload{}, by_namespace{}, by_team{};
  MicroUsd hourly_cost{};  // of those with a known price
};

AllocationSummary summarise_allocations(const Moment& moment);

// Makes it again only when devices or allocations have changed: measured values, which change all the time,
// have no part in it. Threads: any.
class RememberedAllocations {
 public:
  std::shared_ptr<const AllocationSummary> of(const Moment& moment);

 private:
  std::mutex mutex_;
  std::uint64_t version_ = 0;
  std::shared_ptr<const AllocationSummary> summary_;
};

health::ClusterHealth judge(const FleetSummary& fleet, const AllocationSummary& allocations);

}  // namespace reeve::legacy
