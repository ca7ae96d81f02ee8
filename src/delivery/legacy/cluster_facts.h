#pragma once
// What the old API says of pods and nodes, as numbers: requests, limits and usage of each, GPUs included, at one moment.
// Amounts are cores, bytes and GPUs (slices and shares count as one each). What was not measured is absent.

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "delivery/legacy/device_facts.h"
#include "domain/cluster/snapshot.h"
#include "ports/holdings_view.h"
#include "ports/serving_view.h"

namespace reeve::legacy {

// "vllm", "sglang" or "unknown", and what is served.
struct ServedModel {
  std::string_view type = "unknown";
  std::string_view name = "unknown";
  std::string_view version = "unknown";

  friend bool operator==(const ServedModel&, const ServedModel&) = default;
};

// Of the pod alone, whatever it uses.
struct PodNeeds {
  cluster::Quantity cpu_request{};
  cluster::Quantity memory_request{};
  cluster::Quantity gpu_request{};
  std::optional<cluster::Quantity> cpu_limit{};  // absent: some container of it has none, so the pod has none
  std::optional<cluster::Quantity> memory_limit{};
  cluster::Quantity gpu_limit{};  // a container without one gets none
};

struct GpuUse {
  std::optional<cluster::Quantity> busy{};  // GPUs' worth of utilisation; absent when one of them was not measured
  std::optional<double> percent{};          // mean of those that were measured

  friend bool operator==(const GpuUse&, const GpuUse&) = default;
};

struct PodFacts {
  cluster::PodPtr pod{};                    // never null
  const serving::Server* server = nullptr;  // in ClusterFacts::servers; null: the serving rules do not know it
  // By our serving rules, or by the old system's: label `app` is "vllm" or "sglang". Points into `pod` and `server`.
  ServedModel model{};
  PodNeeds needs{};
  std::optional<cluster::Usage> usage{};
  GpuUse gpu{};

  // Of the limit: a pod without one has no percentage.
  std::optional<double> cpu_percent() const;
  std::optional<double> memory_percent() const;
  bool serves() const { return model.type != "unknown"; }
  bool running() const { return pod->phase == cluster::PodPhase::running; }
};

struct NodeFacts {
  cluster::NodePtr node{};  // never null
  std::optional<cluster::Quantity> cpu_capacity{}, memory_capacity{}, gpu_capacity{}, storage_capacity{};
  std::optional<cluster::Quantity> cpu_allocatable{}, memory_allocatable{}, gpu_allocatable{}, storage_allocatable{};
  std::optional<cluster::Usage> usage{};
  GpuUse gpu{};  // of the node's devices in the fleet; absent when it is not in it
  // Requests of the pods on it that are not over; absent while pods are not known.
  std::optional<cluster::Quantity> cpu_allocated{}, memory_allocated{}, gpu_allocated{};
  std::optional<int> pods{}, running_pods{}, vllm_pods{}, sglang_pods{};

  std::string_view status() const;  // "Ready", "NotReady", "Unknown"
  std::string_view role() const;    // "master", "worker"
  // Of what can be allocated.
  std::optional<double> cpu_percent() const;
  std::optional<double> memory_percent() const;
};

// 100 * part / whole; absent when one of them is, or when the whole is nothing.
std::optional<double> percent_of(std::optional<cluster::Quantity> part, std::optional<cluster::Quantity> whole);

// A holding, and whether others have the same device or slice too: then nobody knows whose its load is.
struct HeldDevice {
  const holding::Holding* holding = nullptr;
  bool shared = false;
};
using HeldDevices = std::vector<HeldDevice>;  // by namespace, pod, resource

// Immutable. Holds alive all that its pointers point into.
struct ClusterFacts {
  Timestamp at{};
  std::shared_ptr<const cluster::Snapshot> snapshot{};
  std::shared_ptr<const holding::Report> holdings{};
  std::shared_ptr<const ServingView::Servers> servers{};
  std::shared_ptr<const Fleet> fleet{};
  std::shared_ptr<const HeldDevices> held{};
  Timestamp gpus_at{};             // when what the GPUs do was looked up
  std::vector<PodFacts> pods{};    // in the order of the snapshot
  std::vector<NodeFacts> nodes{};  // likewise

  const PodFacts* find_pod(std::string_view namespace_name, std::string_view name) const;
  const NodeFacts* find_node(std::string_view name) const;
};

// From what is known at this moment; what has not changed since `previous` (may be null) is taken from there.
std::shared_ptr<const ClusterFacts> gather_facts(const Moment& moment, const ClusterFacts* previous);

}  // namespace reeve::legacy
