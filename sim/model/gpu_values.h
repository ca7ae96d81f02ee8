#pragma once
// What the sensors of a simulated GPU show at a point in time: pure functions of what runs on it.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/units.h"
#include "sim/model/board.h"
#include "sim/model/load.h"
#include "sim/model/scenario.h"

namespace reeve::sim {

// Held down from outside.
struct Restraint {
  double power_limit_watts = 0;  // 0: the board's own
  int locked_min_mhz = 0;
  int locked_max_mhz = 0;  // 0: not locked
  bool thermal_throttle = false;
};

// Full-speed seconds of each engine, and bytes, since counting began. Differences of two give means; none ever falls.
struct EngineTotals {
  double busy = 0;
  EngineMix engines{};  // busy seconds of each, `nvlink` and `pcie` too

  EngineTotals& add(const Load& load, double share, Timestamp at);
};

struct GpuValues {
  double activity = 0;         // [0, 1], all parts together
  double memory_activity = 0;  // [0, 1], of the memory's bandwidth
  double encoder = 0;          // [0, 1]
  double decoder = 0;
  double watts = 0;                 // now
  double mean_watts = 0;            // of the second before
  double energy_joules = 0;         // since counting began; differences count
  double power_capped_seconds = 0;  // since counting began, weighted with how much was held back
  int temperature = 0;              // degrees Celsius
  int memory_temperature = 0;
  int graphics_clock = 0;  // MHz
  int memory_clock = 0;
  int video_clock = 0;
  int performance_state = 0;
  int fan_percent = 0;
  double pcie_tx = 0;  // bytes a second, from the GPU's view: tx leaves it
  double pcie_rx = 0;
  double nvlink_tx = 0;
  double nvlink_rx = 0;
  double pcie_tx_bytes = 0;  // since counting began; differences count
  double pcie_rx_bytes = 0;
  double nvlink_tx_bytes = 0;
  double nvlink_rx_bytes = 0;
  unsigned long long clock_reasons = 0;  // NVML's bits
};

GpuValues gpu_values(const Board& board, std::span<const LoadPart> parts, const Restraint& restraint, Timestamp at);

// One process as it is now.
struct RunningProcess {
  std::uint32_t pid = 0;
  const std::string* name = nullptr;  // of the specification, which outlives the value
  MiB memory{};
  bool graphics = false;
};

// Processes that live now in `capacity` of memory, and what they hold together.
std::vector<RunningProcess> running_processes(std::span<const ProcessSpec> specs, const Load& load, MiB capacity, Timestamp at);
MiB memory_used(std::span<const ProcessSpec> specs, const Load& load, MiB capacity, Timestamp at);

}  // namespace reeve::sim
