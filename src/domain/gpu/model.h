#pragma once
// A GPU model as its data sheet and its driver describe it: one row of the catalogue. A value that nobody
// published is absent, never 0.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/name.h"
#include "base/units.h"

namespace reeve {

enum class Vendor { nvidia, amd, intel, habana };

constexpr std::string_view to_text(Vendor vendor) {
  switch (vendor) {
    case Vendor::nvidia: return "NVIDIA";
    case Vendor::amd: return "AMD";
    case Vendor::intel: return "Intel";
    case Vendor::habana: return "Habana";
  }
  return {};
}

// How one GPU of the model can be cut into isolated parts.
enum class PartitionKind { none, mig, amd_compute_modes };

constexpr std::string_view to_text(PartitionKind kind) {
  switch (kind) {
    case PartitionKind::none: return "none";
    case PartitionKind::mig: return "mig";
    case PartitionKind::amd_compute_modes: return "amd_compute_modes";
  }
  return {};
}

struct GpuModel {
  ModelId id{};
  std::string name{};  // "H100 80GB SXM5", as people say it
  Vendor vendor = Vendor::nvidia;
  std::string architecture{};              // "Hopper"
  std::string compute_capability{};        // "9.0"; AMD: target "gfx942"; may be empty
  std::int64_t memory_gb = 0;              // brochure size, GB; the driver reports another number
  std::string memory_type{};               // "HBM3"
  std::optional<double> bandwidth_gb_s{};  // memory bandwidth, GB/s
  std::optional<double> fp32_tflops{};     // dense
  std::optional<double> fp16_tflops{};     // FP16/BF16, dense
  std::optional<double> fp8_tflops{};      // dense
  std::optional<double> tdp_watts{};
  std::string interconnect{};  // "NVLink 4"; empty when there is none
  std::optional<int> pcie_generation{};
  PartitionKind partition = PartitionKind::none;
  int max_instances = 0;                            // most isolated parts of one GPU; 0 when it cannot be cut
  std::vector<std::string> pci_device_ids{};        // "2330": four upper-case hex digits
  std::vector<std::string> driver_product_names{};  // "NVIDIA H100 80GB HBM3"
  std::vector<std::string> kubernetes_labels{};     // value of nvidia.com/gpu.product and its kin
  std::optional<MiB> driver_memory{};               // total that the driver reports
  std::optional<int> release_year{};
  std::optional<MicroUsd> price_per_hour{};     // list price of one GPU, with its date and source in the catalogue file
  std::optional<std::string> market_segment{};  // Gaming, Professional, Datacenter

  friend bool operator==(const GpuModel&, const GpuModel&) = default;
};

}  // namespace reeve
