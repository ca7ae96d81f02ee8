#pragma once
#include <string>

#include "domain/mig/packing.h"

namespace reeve {

// {"gpus":2,"minimal":true,"layouts":[[{"profile":"3g.40gb","profile_id":9,"start":0,"size":4},...],...]}
std::string packing_as_json(const mig::Geometry& geometry, const mig::Packing& packing);

// For people: one line a different layout, with how many GPUs have it.
std::string packing_as_table(const mig::Geometry& geometry, const mig::Packing& packing);

}  // namespace reeve
