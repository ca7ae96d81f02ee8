#pragma once
// What a Kubernetes cluster uses, as history: of each node and namespace, of what serves models and what does not, and of
// the whole. Percentages are of what a node can allocate, and of what a pod may use: the mean over the pods whose
// containers all have a limit.

#include <cstddef>

#include "base/result.h"
#include "domain/cluster/snapshot.h"
#include "ports/metric_store.h"
#include "ports/serving_view.h"

namespace reeve {

// The samples of one moment. `servers` tells which pods serve, by which engine; all others are "unknown". What was not
// measured is absent: without metrics.k8s.io only pods and requested GPUs are known, and nothing of what is not watched now.
// Sums are over the pods that were measured.
std::vector<Sample> cluster_usage_samples(const cluster::Snapshot& snapshot, const ServingView::Servers& servers, Timestamp at);

// Appends them, at the whole second before `now`. Returns how many. Threads and failures: as MetricStore::append.
Result<std::size_t> record_cluster_usage(const cluster::Snapshot& snapshot, const ServingView::Servers& servers, MetricStore& store,
                                         Timestamp now);

}  // namespace reeve
