#include "adapters/store_sql/reference_tables.h"

#include <fmt/format.h>

namespace reeve {
namespace {

void write_models(Database& database, const Catalogue& catalogue) {
  Statement put(
      database,
      "INSERT INTO gpu_models (model_id, model_name, manufacturer, architecture, memory_gb, memory_bandwidth_gbps, memory_type, "
      "power_consumption_w, pcie_generation, mig_support, max_mig_instances, compute_capability, release_year, market_segment, "
      "price_per_hour_micro_usd) VALUES (:a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :k, :l, :m, :n, :o) "
      "ON CONFLICT (model_id) DO UPDATE SET model_name = excluded.model_name, manufacturer = excluded.manufacturer, "
      "architecture = excluded.architecture, memory_gb = excluded.memory_gb, memory_bandwidth_gbps = excluded.memory_bandwidth_gbps, "
      "memory_type = excluded.memory_type, power_consumption_w = excluded.power_consumption_w, "
      "pcie_generation = excluded.pcie_generation, mig_support = excluded.mig_support, "
      "max_mig_instances = excluded.max_mig_instances, compute_capability = excluded.compute_capability, "
      "release_year = excluded.release_year, market_segment = excluded.market_segment, "
      "price_per_hour_micro_usd = excluded.price_per_hour_micro_usd",
      "ttttirtrttititi");
  for (const GpuModel& model : catalogue.models()) {
    const bool mig = model.partition == PartitionKind::mig;
    put.bind(0, model.id.text);
    put.bind(1, model.name);
    put.bind(2, to_text(model.vendor));
    put.bind(3, model.architecture);
    put.bind(4, model.memory_gb);
    put.bind(5, model.bandwidth_gb_s);
    put.bind_or_null(6, model.memory_type);
    put.bind(7, model.tdp_watts);
    put.bind_or_null(8, model.pcie_generation ? fmt::format("PCIe {}.0", *model.pcie_generation) : std::string());
    put.bind(9, mig ? "Y" : "N");
    put.bind(10, mig ? model.max_instances : 0);
    put.bind_or_null(11, model.compute_capability);
    put.bind(12, model.release_year);
    put.bind(13, model.market_segment);
    put.bind(14, model.price_per_hour ? std::optional(model.price_per_hour->count()) : std::nullopt);
    put.execute();
  }
}

void write_profiles(Database& database, const Catalogue& catalogue) {
  Statement put(
      database,
      "INSERT INTO mig_profiles (profile_id, model_id, profile_name, compute_slices, memory_slices, memory_gb, max_instances_per_gpu, "
      "driver_profile_id, memory_mib) VALUES (:a, :b, :c, :d, :e, :f, :g, :h, :i) "
      "ON CONFLICT (profile_id) DO UPDATE SET profile_name = excluded.profile_name, compute_slices = excluded.compute_slices, "
      "memory_slices = excluded.memory_slices, memory_gb = excluded.memory_gb, "
      "max_instances_per_gpu = excluded.max_instances_per_gpu, memory_mib = excluded.memory_mib",
      "tttiiiiii");
  for (const GpuModel& model : catalogue.models()) {
    const mig::Geometry* geometry = catalogue.geometry(model.id);
    if (geometry == nullptr) continue;
    for (const mig::GpuInstanceProfile& profile : geometry->profiles()) {
      const bool known = profile.memory > MiB(0);
      put.bind(0, fmt::format("{}/{}", model.id.text, profile.id));
      put.bind(1, model.id.text);
      put.bind(2, profile.name);
      put.bind(3, profile.gpu_slices);
      put.bind(4, profile.memory_slices);
      put.bind(5, known ? std::optional((profile.memory.count() + 512) / 1024) : std::nullopt);
      put.bind(6, profile.max_instances);
      put.bind(7, profile.id);
      put.bind(8, known ? std::optional(profile.memory.count()) : std::nullopt);
      put.execute();
    }
  }
}

}  // namespace

void write_reference_tables(Database& database, const Catalogue& catalogue) {
  write_models(database, catalogue);
  write_profiles(database, catalogue);
}

}  // namespace reeve
