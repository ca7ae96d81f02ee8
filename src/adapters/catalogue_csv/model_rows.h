#pragma once
// Rows of data/gpu_models.csv.

#include <vector>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "base/result.h"
#include "domain/gpu/model.h"

namespace reeve {

// Adds the rows of `file` to `models`, each in the place of the row with its id when there is one.
Status read_models(const CatalogueFile& file, std::vector<GpuModel>& models);

}  // namespace reeve
