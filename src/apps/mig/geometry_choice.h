#pragma once
#include <string>

#include "base/result.h"
#include "domain/catalogue/catalogue.h"

namespace reeve {

// The geometry of the GPU that a person means: "A100-80GB" (first word of a geometry's name), its whole name, or a model id of
// the catalogue; case does not matter. Not found: the message lists what there is.
Result<const mig::Geometry*> choose_geometry(const Catalogue& catalogue, const std::string& gpu);

}  // namespace reeve
