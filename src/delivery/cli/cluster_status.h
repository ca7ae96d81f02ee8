#pragma once
// `reeve cluster`: what is known of the Kubernetes cluster, and how well.

#include <string>

#include "base/result.h"
#include "delivery/cli/session.h"

namespace reeve::cli {

// Prints first. An error when a kind of objects is forbidden or cut off: a script may rely on the rest being whole.
Status cluster_status(const Session& session);

// Why a list of the cluster may be empty although there is something: what is not configured, forbidden or cut off. Empty: it is whole,
// or the server does not tell.
std::string cluster_gaps(const Session& session);

}  // namespace reeve::cli
