#pragma once
// Rows of data/mig_gpu_instance_profiles.csv and data/mig_compute_instance_profiles.csv.

#include <string>
#include <vector>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "base/result.h"
#include "domain/mig/geometry.h"

namespace reeve {

// What the rows of one GPU say, before it is checked as a whole.
struct GeometryRows {
  std::string name{};
  std::vector<std::string> pci_device_ids{};
  std::vector<mig::GpuInstanceProfile> profiles{};
  std::vector<mig::ComputeInstanceProfile> compute_profiles{};
};

// Add the rows of `file`; a row with a known key replaces.
Status read_gpu_instance_profiles(const CatalogueFile& file, std::vector<GeometryRows>& geometries);
// A GPU is named as in the other file, or by the part before " (": "A100-40GB" of "A100-40GB (SXM4/PCIe)".
Status read_compute_instance_profiles(const CatalogueFile& file, std::vector<GeometryRows>& geometries);

}  // namespace reeve
