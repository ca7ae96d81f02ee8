#pragma once
// A GPU board as its driver shows it: the catalogue's model plus what the driver answers for it and for the
// boards like it. Clocks, limits and reserved memory are those of real captures (A100-SXM4-40GB, T4, L40S,
// H100 SXM5, B200, GB200, GB300); a board that nobody captured borrows from the nearest of these.
//
// Immutable; shared between GPUs and threads.

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "domain/catalogue/catalogue.h"
#include "domain/gpu/model.h"
#include "domain/mig/geometry.h"

namespace reeve::sim {

// What the driver supports on a family of boards; a call that is not supported says so and gives no value.
struct Abilities {
  bool inforom = false;  // serial, validate
  bool ecc = false;      // mode and counters
  bool memory_temperature = false;
  bool absolute_thresholds = false;  // else limits relative to the slowdown, "T-limit"
  bool relative_thresholds = false;
  bool power_average = false;   // field 185
  bool power_instant = false;   // field 186
  bool averaged_power = false;  // the plain power call gives the mean of a second, not the instant
  bool energy = false;
  bool locked_clocks = false;
  bool retired_pages = false;
  bool remapped_rows = false;
  bool resetless_mig = false;
  bool gpm = false;
  bool fabric = false;
  bool acoustic_thresholds = false;
};

struct Clocks {  // MHz
  int graphics_idle = 0;
  int graphics_max = 0;
  int graphics_default = 0;  // default application clock
  int memory = 0;
  int video_idle = 0;
  int video_max = 0;
};

struct NvLinks {
  int count = 0;
  int version = 0;              // NVML's number of the version: 2 = 2.0, 4 = 3.0, 6 = 4.0, 7 = 5.0
  double bytes_per_second = 0;  // of one link, each direction
};

struct Thresholds {  // degrees Celsius; the last is of memory and 0 where there is none
  int shutdown = 0;
  int slowdown = 0;
  int gpu_max = 0;
  int memory_max = 0;
};

struct Board {
  ModelId model{};
  std::string product_name{};
  std::string pci_device_id{};  // "2330"
  unsigned int subsystem_id = 0;
  std::string vbios_version{};
  unsigned int architecture = 0;  // NVML's number
  int compute_major = 0;
  int compute_minor = 0;
  MiB memory_total{};
  MiB memory_reserved{};
  MiB bar1_total{};
  double tdp_watts = 0;
  double idle_watts = 0;
  double min_limit_watts = 0;
  double memory_bytes_per_second = 0;
  int pcie_generation = 0;
  int fans = 0;
  int spare_row_banks = 0;
  Clocks clocks{};
  NvLinks nvlinks{};
  Thresholds thresholds{};       // absolute; used inside also where the driver shows relative ones
  Thresholds relative_limits{};  // of the T-limit fields: 0, -2, ...
  Abilities can{};
  std::optional<mig::Geometry> geometry{};

  double pcie_bytes_per_second() const;  // of the slot, one direction
  // What the driver gives to an instance of this profile; a share of the whole where no capture shows it.
  MiB instance_memory(const mig::GpuInstanceProfile& profile) const;
};

// Not found: no such model. Unsupported: the model is not NVIDIA's. `product_name` picks one of the names that
// the driver has for the model; empty: the first.
Result<std::shared_ptr<const Board>> make_board(const Catalogue& catalogue, const ModelId& model, const std::string& product_name);

}  // namespace reeve::sim
