#pragma once
// The catalogue as CSV: what is compiled in from data/, and files that replace or extend it at run time.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/catalogue/catalogue.h"

namespace reeve {

// One CSV file: its text, and the name that messages give it.
struct CatalogueFile {
  std::string name{};
  std::string text{};
};

// Files of one kind in order: a row of a later file replaces the row with the same key, or adds one. Keys:
// model id; GPU and smi_profile_id; GPU, GPU instance profile and ci_profile_id.
struct CatalogueSource {
  std::vector<CatalogueFile> models{};                     // columns of data/gpu_models.csv
  std::vector<CatalogueFile> gpu_instance_profiles{};      // columns of data/mig_gpu_instance_profiles.csv
  std::vector<CatalogueFile> compute_instance_profiles{};  // columns of data/mig_compute_instance_profiles.csv
};

// Paths of extension files; empty: none.
struct CatalogueExtension {
  std::string models{};
  std::string gpu_instance_profiles{};
  std::string compute_instance_profiles{};
};

// Invalid argument with "file:line:column: reason" for every fault of the first file that has any (at most 20).
Result<Catalogue> parse_catalogue(const CatalogueSource& source);

// The compiled-in files alone.
CatalogueSource built_in_catalogue();

// Compiled in, then the extension's files. Not found: a file cannot be read. Else as parse_catalogue.
Result<Catalogue> load_catalogue(const CatalogueExtension& extension = {});

}  // namespace reeve
