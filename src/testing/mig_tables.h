#pragma once
// The MIG geometries of data/, read without the catalogue: domain/mig stands below it.

#include <map>
#include <string>

#include "domain/mig/geometry.h"

namespace reeve::testing {

// By the first word of their name: "A100-40GB", "H100-80GB", "A30-24GB", "RTX".
const std::map<std::string, mig::Geometry>& all_geometries();

}  // namespace reeve::testing
