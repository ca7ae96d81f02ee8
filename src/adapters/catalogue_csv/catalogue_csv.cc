#include "adapters/catalogue_csv/catalogue_csv.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "adapters/catalogue_csv/mig_rows.h"
#include "adapters/catalogue_csv/model_rows.h"

extern "C" const char reeve_gpu_models_begin[], reeve_gpu_models_end[];
extern "C" const char reeve_mig_gpu_instances_begin[], reeve_mig_gpu_instances_end[];
extern "C" const char reeve_mig_compute_instances_begin[], reeve_mig_compute_instances_end[];

namespace reeve {
namespace {

Status add_file(const std::string& path, std::vector<CatalogueFile>& files) {
  if (path.empty()) return Done{};
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in) return Error{Errc::not_found, fmt::format("cannot read catalogue file '{}': {}", path, std::strerror(errno))};
  text << in.rdbuf();  // fails on an empty file, too: that one is refused as a CSV without header
  if (text.bad()) return Error{Errc::not_found, fmt::format("cannot read catalogue file '{}': it is no file", path)};
  files.push_back({path, std::move(text).str()});
  return Done{};
}

template <class Rows>
Status read_all(const std::vector<CatalogueFile>& files, Status (*read)(const CatalogueFile&, Rows&), Rows& rows) {
  for (const CatalogueFile& file : files)
    if (Status status = read(file, rows); !status) return status;
  return Done{};
}

}  // namespace

CatalogueSource built_in_catalogue() {
  CatalogueSource source;
  source.models.push_back({"gpu_models.csv", {reeve_gpu_models_begin, reeve_gpu_models_end}});
  source.gpu_instance_profiles.push_back({"mig_gpu_instance_profiles.csv", {reeve_mig_gpu_instances_begin, reeve_mig_gpu_instances_end}});
  source.compute_instance_profiles.push_back(
      {"mig_compute_instance_profiles.csv", {reeve_mig_compute_instances_begin, reeve_mig_compute_instances_end}});
  return source;
}

Result<Catalogue> parse_catalogue(const CatalogueSource& source) {
  std::vector<GpuModel> models;
  std::vector<GeometryRows> rows;
  if (const Status read = read_all(source.models, read_models, models); !read) return read.error();
  if (const Status read = read_all(source.gpu_instance_profiles, read_gpu_instance_profiles, rows); !read) return read.error();
  if (const Status read = read_all(source.compute_instance_profiles, read_compute_instance_profiles, rows); !read) return read.error();
  std::vector<mig::Geometry> geometries;
  for (GeometryRows& of_one : rows) {
    auto geometry = mig::Geometry::make(std::move(of_one.name), std::move(of_one.pci_device_ids), std::move(of_one.profiles),
                                        std::move(of_one.compute_profiles));
    if (!geometry) return geometry.error();
    geometries.push_back(std::move(*geometry));
  }
  return Catalogue::make(std::move(models), std::move(geometries));
}

Result<Catalogue> load_catalogue(const CatalogueExtension& extension) {
  CatalogueSource source = built_in_catalogue();
  if (const Status added = add_file(extension.models, source.models); !added) return added.error();
  if (const Status added = add_file(extension.gpu_instance_profiles, source.gpu_instance_profiles); !added) return added.error();
  if (const Status added = add_file(extension.compute_instance_profiles, source.compute_instance_profiles); !added) return added.error();
  return parse_catalogue(source);
}

}  // namespace reeve
