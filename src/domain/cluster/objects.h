#pragma once
// What Reeve keeps of the objects of a Kubernetes cluster: the fields it uses, as plain values. Field names are
// those of the Kubernetes API (core/v1, resource.k8s.io/v1). An object is immutable once it is in a snapshot.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_text.h"
#include "base/name.h"
#include "base/time.h"
#include "domain/cluster/quantity.h"

namespace reeve::cluster {

// By ascending key; small and read far more often than written.
using Labels = std::vector<std::pair<std::string, std::string>>;
// nullptr when the key is not there.
const std::string* find(const Labels& labels, std::string_view key);

// By ascending resource name: "cpu", "memory", "nvidia.com/gpu".
using ResourceList = std::vector<std::pair<std::string, Quantity>>;
std::optional<Quantity> find(const ResourceList& resources, std::string_view name);

struct ObjectMeta {
  std::string name{};
  std::string namespace_name{};  // empty for objects of the whole cluster
  std::string uid{};
  std::string resource_version{};
  std::optional<Timestamp> created_at{};
  std::optional<Timestamp> deleted_at{};  // deletionTimestamp: it is going
  Labels labels{};
  Labels annotations{};  // without kubectl.kubernetes.io/last-applied-configuration

  friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

struct OwnerReference {
  std::string kind{};  // "ReplicaSet", "DaemonSet"
  std::string name{};

  friend bool operator==(const OwnerReference&, const OwnerReference&) = default;
};

enum class PodPhase { pending, running, succeeded, failed, unknown };

constexpr std::string_view to_text(PodPhase phase) {
  switch (phase) {
    case PodPhase::pending: return "Pending";
    case PodPhase::running: return "Running";
    case PodPhase::succeeded: return "Succeeded";
    case PodPhase::failed: return "Failed";
    case PodPhase::unknown: return "Unknown";
  }
  return {};
}

enum class ContainerState { waiting, running, terminated };

constexpr std::string_view to_text(ContainerState state) {
  switch (state) {
    case ContainerState::waiting: return "Waiting";
    case ContainerState::running: return "Running";
    case ContainerState::terminated: return "Terminated";
  }
  return {};
}

struct ContainerPort {
  std::string name{};
  int port = 0;

  friend bool operator==(const ContainerPort&, const ContainerPort&) = default;
};

struct Container {
  std::string name{};
  std::string image{};
  std::vector<std::string> command{};
  std::vector<std::string> args{};
  std::vector<ContainerPort> ports{};
  ResourceList requests{};
  ResourceList limits{};
  std::vector<std::string> claims{};  // names in Pod::claims
  bool sidecar = false;               // an init container with restartPolicy Always: it runs beside the others
  // Of its status; absent: the kubelet has not said.
  std::optional<ContainerState> state{};
  std::string reason{};  // "CrashLoopBackOff"; of a waiting or terminated state
  std::optional<Timestamp> started_at{};
  bool ready = false;
  int restarts = 0;

  friend bool operator==(const Container&, const Container&) = default;
};

// A claim that a pod names, and the ResourceClaim it became.
struct PodClaim {
  std::string name{};            // in the pod
  std::string resource_claim{};  // object in the pod's namespace; empty: not made yet

  friend bool operator==(const PodClaim&, const PodClaim&) = default;
};

struct Pod {
  ObjectMeta meta{};
  std::optional<OwnerReference> controller{};
  NodeName node{};  // empty: not scheduled
  PodPhase phase = PodPhase::unknown;
  std::string reason{};  // status.reason: "Evicted"
  std::string ip{};
  bool host_network = false;
  std::string service_account{};
  std::string priority_class{};
  std::string scheduler{};
  std::optional<Timestamp> started_at{};  // status.startTime
  bool ready = false;                     // condition Ready
  std::string unschedulable{};            // message of condition PodScheduled=False
  std::vector<Container> containers{};
  std::vector<Container> init_containers{};  // in the order they run
  std::vector<PodClaim> claims{};
  ResourceList requests{};  // spec.resources of the pod as a whole; empty: the containers' own are all there is
  ResourceList overhead{};  // of its runtime class

  friend bool operator==(const Pod&, const Pod&) = default;
};

struct Taint {
  std::string key{};
  std::string value{};
  std::string effect{};  // "NoSchedule"

  friend bool operator==(const Taint&, const Taint&) = default;
};

struct Condition {
  std::string type{};    // "Ready"
  std::string status{};  // "True", "False", "Unknown"
  std::string reason{};
  std::string message{};
  std::optional<Timestamp> since{};

  friend bool operator==(const Condition&, const Condition&) = default;
};

struct Node {
  ObjectMeta meta{};
  ResourceList capacity{};
  ResourceList allocatable{};
  std::vector<Taint> taints{};
  bool unschedulable = false;
  std::vector<Condition> conditions{};
  std::string internal_ip{};
  std::string kubelet_version{};
  std::string container_runtime{};
  std::string operating_system{};
  std::string architecture{};
  std::string kernel_version{};
  std::string os_image{};

  friend bool operator==(const Node&, const Node&) = default;
};

struct Namespace {
  ObjectMeta meta{};
  std::string phase{};  // "Active", "Terminating"

  friend bool operator==(const Namespace&, const Namespace&) = default;
};

// One device that the scheduler gave to a claim: status.allocation.devices.results[].
struct ClaimDevice {
  std::string request{};
  std::string driver{};  // "gpu.nvidia.com"
  std::string pool{};    // usually the node's name
  std::string device{};  // "gpu-0", "gpu-0-mig-1g10gb-19-0"
  bool admin_access = false;

  friend bool operator==(const ClaimDevice&, const ClaimDevice&) = default;
};

struct ResourceClaim {
  ObjectMeta meta{};
  std::vector<ClaimDevice> devices{};       // empty: not allocated
  std::vector<std::string> reserved_for{};  // names of pods

  friend bool operator==(const ResourceClaim&, const ResourceClaim&) = default;
};

// What a DRA driver says of one device; attribute names without the driver's domain.
struct SliceDevice {
  std::string name{};
  Labels attributes{};  // "uuid", "parentUUID", "productName", "profile", "type"; versions, ints and bools as text
  ResourceList capacity{};

  friend bool operator==(const SliceDevice&, const SliceDevice&) = default;
};

struct ResourceSlice {
  ObjectMeta meta{};
  std::string driver{};
  std::string pool{};
  std::int64_t pool_generation = 0;
  NodeName node{};  // empty: not of one node
  std::vector<SliceDevice> devices{};

  friend bool operator==(const ResourceSlice&, const ResourceSlice&) = default;
};

// What metrics.k8s.io last said of a pod's containers together, or of a node.
struct Usage {
  std::optional<Timestamp> at{};
  Quantity cpu{};     // cores
  Quantity memory{};  // bytes, working set

  friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace reeve::cluster
