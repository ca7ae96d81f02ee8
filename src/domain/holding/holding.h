#pragma once
// Who really holds what: the sources' evidence, joined with the cluster's pods and with the allocations.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/name.h"
#include "base/time.h"
#include "domain/inventory/holder.h"

namespace reeve::holding {

// One container that holds one device, slice or share of one.
struct Holding {
  std::string resource{};  // text of the DeviceId or InstanceId
  NodeName node{};
  std::string namespace_name{};
  std::string pod{};
  std::string container{};
  std::optional<int> replica{};              // a share
  bool shared = false;                       // others may have the same resource at once, with replica or without
  std::vector<HolderSource> sources{};       // all that say so, by descending weight
  std::optional<AllocationId> allocation{};  // that covers it: asked for through the API, or observed
  std::string user{};
  std::string team{};
  std::string project{};
  std::optional<Timestamp> since{};        // start of the container, or of the pod
  std::optional<Timestamp> at{};           // when a source last said so
  std::string pod_uid{};                   // empty: the cluster does not tell
  std::optional<Timestamp> pod_deleted{};  // the pod is going; its deletion time

  friend bool operator==(const Holding&, const Holding&) = default;
};

enum class ConflictKind {
  sources_disagree,  // two sources name different pods for a device that is not shared
  held_by_another,   // a pod has the device, but its allocation is somebody else's
  not_seen,          // the pod of an allocation runs, a source that would know sees it without the device
  pod_gone,          // a source names a pod that the cluster does not have, or that is over
};

constexpr std::string_view to_text(ConflictKind kind) {
  switch (kind) {
    case ConflictKind::sources_disagree: return "sources-disagree";
    case ConflictKind::held_by_another: return "held-by-another";
    case ConflictKind::not_seen: return "not-seen";
    case ConflictKind::pod_gone: return "pod-gone";
  }
  return {};
}

struct Conflict {
  ConflictKind kind = ConflictKind::sources_disagree;
  std::string resource{};
  NodeName node{};
  std::optional<AllocationId> allocation{};   // at odds with the evidence
  std::vector<HolderObservation> evidence{};  // all that was said of this resource
  std::string detail{};                       // one sentence for people: who says what, and what follows
  std::optional<Timestamp> since{};           // when it was first seen

  friend bool operator==(const Conflict&, const Conflict&) = default;
};

// Evidence that names no device we know.
struct Unplaced {
  NodeName node{};
  HolderObservation evidence{};
  std::string why{};

  friend bool operator==(const Unplaced&, const Unplaced&) = default;
};

struct Report {
  std::optional<Timestamp> at{};      // absent: never made
  std::vector<Holding> holdings{};    // by resource, then namespace, pod, container, replica
  std::vector<Conflict> conflicts{};  // by resource, then kind
  std::vector<Unplaced> unplaced{};   // by node
  // Conflicts that may be nothing but two sources of different age; they are told once they last (JoinOptions::grace).
  std::vector<Conflict> suspected{};

  friend bool operator==(const Report&, const Report&) = default;
};

}  // namespace reeve::holding
