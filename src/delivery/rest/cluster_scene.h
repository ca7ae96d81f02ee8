#pragma once
// One moment of the Kubernetes cluster with what else is known of its pods, and sums over it.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "delivery/rest/listing.h"
#include "domain/cluster/snapshot.h"
#include "domain/inventory/fleet.h"
#include "ports/holdings_view.h"
#include "ports/serving_view.h"

namespace reeve::rest {

struct Api;

// No pointer in it is null. Keeps what it shows.
struct ClusterScene {
  std::shared_ptr<const cluster::Snapshot> cluster;
  std::shared_ptr<const holding::Report> report;
  std::shared_ptr<const ServingView::Servers> servers;
  std::shared_ptr<const Fleet> fleet;

  bool configured() const;
  // Has a list or a poll of it ever finished? Else what the snapshot does not hold is not known, rather than not there.
  bool knows(cluster::Kind kind) const { return cluster->status(kind).synced_at.has_value(); }
  const serving::Server* server_of(std::string_view namespace_name, std::string_view pod) const;  // nullptr: does not serve
};
ClusterScene cluster_scene_of(const Api& api);

// The holdings of a report by pod. Borrows the report.
class HoldingsOfPods {
 public:
  explicit HoldingsOfPods(const holding::Report& report);
  const std::vector<const holding::Holding*>& of(std::string_view namespace_name, std::string_view pod) const;

 private:
  std::unordered_map<std::string, std::vector<const holding::Holding*>> by_pod_{};
  std::vector<const holding::Holding*> none_{};
};

// How many devices and slices somebody holds, by the text that `group` gives of a holding (it lives as long as the report).
std::unordered_map<std::string_view, std::size_t> held_resources(const holding::Report& report,
                                                                 std::string_view (*group)(const holding::Holding&));

std::int64_t gpu_requests(const cluster::Pod& pod);  // GPUs, slices and shares together
int restarts(const cluster::Pod& pod);
bool is_ready(const cluster::Node& node);

// What the pods of a node ask for together, those that are over left out.
cluster::ResourceList requested_on(const cluster::Snapshot& snapshot, const NodeName& node);

// "app=vllm,tier": all have to be there, with the value where one is given.
class LabelFilter {
 public:
  static LabelFilter read(QueryReader& query);
  bool matches(const cluster::Labels& labels) const;

 private:
  struct Wanted {
    std::string key{};
    std::optional<std::string> value{};
  };
  std::vector<Wanted> wanted_{};
};

// The numbers of GET /cluster and of the overview. Absent: not known.
struct ClusterTotals {
  std::optional<std::size_t> pods{}, pods_running{}, pods_pending{}, pods_gpu{};
  std::optional<std::size_t> nodes{}, nodes_ready{}, namespaces{}, claims{}, claims_allocated{};
  std::optional<std::int64_t> gpus_capacity{}, gpus_allocatable{}, gpus_requested{};
  std::optional<double> cpu_usage{}, cpu_allocatable{}, memory_usage{}, memory_allocatable{};
  std::optional<std::size_t> servers{}, holdings{}, conflicts{}, unplaced{};
};
ClusterTotals totals_of(const ClusterScene& scene);

}  // namespace reeve::rest
