#pragma once
// Who holds a GPU or a slice of one, and what was asked for it.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/enum_text.h"
#include "base/name.h"
#include "base/time.h"
#include "base/units.h"

namespace reeve {

enum class AllocationStatus { pending, allocated, released, failed, expired };

constexpr std::string_view to_text(AllocationStatus status) {
  switch (status) {
    case AllocationStatus::pending: return "PENDING";
    case AllocationStatus::allocated: return "ALLOCATED";
    case AllocationStatus::released: return "RELEASED";
    case AllocationStatus::failed: return "FAILED";
    case AllocationStatus::expired: return "EXPIRED";
  }
  return {};
}

enum class ResourceType {
  full_gpu,
  mig_instance,
  shared_gpu,  // a share of a GPU or of a slice that several have at once (time-slicing, MPS); only ever observed
};

constexpr std::string_view to_text(ResourceType type) {
  switch (type) {
    case ResourceType::full_gpu: return "FULL_GPU";
    case ResourceType::mig_instance: return "MIG_INSTANCE";
    case ResourceType::shared_gpu: return "SHARED_GPU";
  }
  return {};
}

// How it came to be known.
enum class AllocationOrigin {
  requested,  // asked for through an API, and given: nobody else is given its resource
  observed,   // seen on the node, or decided by the scheduler: a fact, that may contradict a request
};

constexpr std::string_view to_text(AllocationOrigin origin) {
  switch (origin) {
    case AllocationOrigin::requested: return "requested";
    case AllocationOrigin::observed: return "observed";
  }
  return {};
}

struct Allocation {
  AllocationId id{};
  std::string namespace_name{};  // Kubernetes namespace
  std::string pod_name{};
  std::string container_name{};  // empty: not given
  std::string workload_type{};   // free text; Training, Inference, Development by convention
  ResourceType resource_type = ResourceType::full_gpu;
  std::string resource{};  // text of the DeviceId or InstanceId that is held
  std::optional<std::int64_t> requested_memory_gb{};
  std::int64_t allocated_memory_gb = 0;
  std::string priority_class{};
  Timestamp allocated_at{};
  std::optional<Timestamp> planned_release{};
  std::optional<Timestamp> released_at{};
  AllocationStatus status = AllocationStatus::allocated;
  std::optional<MicroUsd> cost_per_hour{};  // absent: no price is known for the model
  std::optional<MicroUsd> total_cost{};     // set when it ends
  std::string user_id{};
  std::string team_id{};
  std::string project_id{};
  std::map<std::string, std::string> labels{};
  AllocationOrigin origin = AllocationOrigin::requested;

  friend bool operator==(const Allocation&, const Allocation&) = default;
};

// What is asked for. Absent means "no matter".
struct AllocationRequest {
  std::string namespace_name{};
  std::string pod_name{};
  std::string container_name{};
  std::string workload_type{};
  std::string priority_class{};
  bool use_mig = false;                     // a slice, not a whole GPU
  std::optional<std::int64_t> memory_gb{};  // at least so much memory
  std::optional<ModelId> model{};
  std::optional<std::string> architecture{};
  std::optional<std::string> mig_profile{};  // "1g.10gb"; implies use_mig
  std::optional<NodeName> node{};
  std::optional<DeviceId> device{};  // this very GPU, or a slice of it
  std::optional<MicroUsd> max_cost_per_hour{};
  std::optional<Timestamp> planned_release{};
  std::string user_id{};
  std::string team_id{};
  std::string project_id{};
  std::map<std::string, std::string> labels{};
};

// Whole money for the time held: cost_per_hour x time, rounded half up to a micro-dollar.
// Precondition: cost_per_hour is known, until >= allocated_at.
MicroUsd cost_until(const Allocation& allocation, Timestamp until);

// The allocation over at `at`, or when it began if that is later, with its total cost where its price is known.
Allocation ended(Allocation allocation, AllocationStatus status, Timestamp at);

}  // namespace reeve
