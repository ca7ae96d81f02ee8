#pragma once
// Weighs what is said of who holds what: against the pods of the cluster, against each other and against the
// allocations.
//
// * What several sources say of one container and one device is one holding with all of them as sources.
// * A pod that is over, or that the live pod list does not have, holds nothing. A pod list that is not live, or that is of
//   another cluster than the node, proves nothing; of a node that went silent and out of the cluster, it is of this one
//   where it has told the pod's uid before.
// * A device is shared where a source says so (replicas, a claim for several) or where one source names several pods. Of
//   one that is not shared the heaviest source names the holder, and others that name another pod are a conflict.
// * An allocation on request is confirmed by a holding of its pod; a holding of another pod on it, on its whole GPU or on
//   its slices is a conflict.

#include <functional>
#include <span>

#include "domain/holding/attribution.h"
#include "domain/holding/evidence.h"
#include "domain/holding/holding.h"

namespace reeve::holding {

struct JoinOptions {
  Milliseconds stale_after{90'000};  // a reading that is older says what was; it does not prove what is not
  Milliseconds grace{60'000};        // two rounds: so long sources of different age may differ
  OwnerRules owners = default_owner_rules();
};

// A pure function: the same facts give the same report, in whatever order they were told. `previous` gives only the
// `since` of what goes on.
Report join(const Fleet& fleet, const cluster::Snapshot& cluster, const Report& previous, Timestamp now, const JoinOptions& options);

// What the cluster says of a pod of a node.
enum class PodFate {
  unknown,  // the pod list is not live, or of another cluster
  alive,
  over,  // succeeded, failed, not there, somewhere else, or a later pod of that name
};
// `said_at`: when it was said that this pod has something of this node.
PodFate fate_of(const cluster::Snapshot& cluster, const NodeName& node, std::string_view namespace_name, std::string_view pod,
                Timestamp said_at);

// Is it this allocation's pod that holds, and its resource?
bool covers(const Allocation& allocation, const Holding& holding);

// Labels of an observed allocation that tell which holding it is of.
inline constexpr std::string_view pod_uid_label = "reeve.io/pod-uid";
inline constexpr std::string_view replica_label = "reeve.io/replica";

// The holdings of one resource, a run of report.holdings.
std::span<const Holding> holdings_of(const Report& report, std::string_view resource);

}  // namespace reeve::holding
