#pragma once
// A made-up cluster of three nodes that shows every case once: a held GPU, a hot one, one cut into slices,
// one in maintenance, one of an unknown model, one that was registered by hand and never measured.
//
//   gpu-a  0 H100, held, 72 %          1 H100 in MIG mode: 1g.10gb held, 3g.40gb free
//   gpu-b  0 RTX 4090, 91 C            1 unknown model      2 RTX 4090, in maintenance
//   gpu-c  0 H100, registered, no values

#include <vector>

#include "domain/catalogue/catalogue.h"
#include "domain/inventory/fleet.h"
#include "ports/metric_store.h"

namespace reeve {

// H100_80GB (with two MIG profiles) and RTX4090.
Catalogue small_catalogue();

// Values and allocations are of `now`; nodes were first seen 100 days before.
Fleet small_cluster(Timestamp now);

// One sample a minute for the last `minutes` of gpu-a's GPUs and gpu-b's first: utilization 50, 60, 70, 50 ...
std::vector<Sample> small_history(Timestamp now, int minutes);

}  // namespace reeve
