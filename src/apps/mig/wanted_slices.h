#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/mig/geometry.h"

namespace reeve {

// Profile ids of a text with one profile name a line ("1g.10gb", "MIG 1g.10gb" or the id "19"); blanks around it, empty lines
// and what follows '#' do not count. Invalid argument: "line 3: ..." of the first line that names no profile of this GPU, with
// those that there are.
Result<std::vector<int>> parse_wanted_slices(std::string_view text, const mig::Geometry& geometry);

}  // namespace reeve
