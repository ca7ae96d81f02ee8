#pragma once
// What a pod takes from its node, as the scheduler counts it.

#include "domain/cluster/objects.h"

namespace reeve::cluster {

// Adds amounts name by name; both lists are in ascending order and stay so.
void add_to(ResourceList& sum, const ResourceList& more);
// Of each name the larger amount.
void raise_to(ResourceList& most, const ResourceList& other);

// All containers and sidecars together, or the largest init container beside the sidecars that run before it, whichever is
// more; where the pod as a whole asks for an amount, that is it; and the overhead of its runtime.
// Source: Kubernetes' component-helpers, resource.PodRequests.
ResourceList effective_requests(const Pod& pod);

// The same of the limits; a container without a limit adds none, so a pod may use more than this says.
ResourceList effective_limits(const Pod& pod);

// Neither succeeded nor failed: such a pod, once scheduled, keeps what it asked for until it is gone.
bool is_live(const Pod& pod);
// Live, and given to a node.
bool holds_requests(const Pod& pod);

}  // namespace reeve::cluster
