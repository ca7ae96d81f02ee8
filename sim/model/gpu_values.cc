#include "sim/model/gpu_values.h"

#include <algorithm>
#include <cmath>

namespace reeve::sim {
namespace {

constexpr double room_celsius = 27;          // air at the inlet
constexpr double settling_seconds = 70;      // of the heat sink
constexpr double slowest_under_load = 0.84;  // of the top clock, at full power
constexpr double throttled_clock = 0.45;     // of the top clock, while too hot
constexpr double replies = 0.4;              // bytes that leave the GPU over PCIe for one that enters
constexpr double idle_pcie_bytes = 350e3;    // a second; monitoring and keep-alive
constexpr int throttle_celsius_above = 1;    // over the slowdown threshold

constexpr unsigned long long reason_idle = 0x1, reason_power_cap = 0x4, reason_hw_slowdown = 0x8, reason_hw_thermal = 0x40;

// How much of the dynamic power the limit lets through.
double power_ratio(const Board& board, double limit_watts) {
  if (limit_watts <= 0 || limit_watts >= board.tdp_watts) return 1;
  return std::clamp((limit_watts - board.idle_watts) / (board.tdp_watts - board.idle_watts), 0.05, 1.0);
}

double celsius_at(const Board& board, double watts) {
  const double rise = board.thresholds.slowdown - 12 - room_celsius;  // at full power
  return room_celsius + rise * std::clamp(watts / board.tdp_watts, 0.0, 1.1);
}

int graphics_clock(const Board& board, const GpuValues& values, const Restraint& restraint, double ratio) {
  const Clocks& clocks = board.clocks;
  double mhz = clocks.graphics_idle;
  if (values.activity > 0.005)
    mhz = clocks.graphics_max * (1 - (1 - slowest_under_load) * values.activity * values.activity) * std::cbrt(ratio);
  if (restraint.thermal_throttle) mhz = std::min(mhz, clocks.graphics_max * throttled_clock);
  if (restraint.locked_max_mhz > 0) mhz = std::clamp<double>(mhz, restraint.locked_min_mhz, restraint.locked_max_mhz);
  return std::max(clocks.graphics_idle, static_cast<int>(mhz / 15) * 15);  // the driver steps by 15 MHz
}

void fill_heat(const Board& board, std::span<const LoadPart> parts, const Restraint& restraint, double ratio, Timestamp at,
               GpuValues& values) {
  double level = 0, before = 0;
  for (const LoadPart& part : parts) {
    level += part.share * part.load->level(at);
    before += part.share * part.load->level_before(at);
  }
  const double dynamic = (board.tdp_watts - board.idle_watts) * ratio;
  const double now = celsius_at(board, board.idle_watts + dynamic * level);
  const double then = celsius_at(board, board.idle_watts + dynamic * before);
  const double seconds = static_cast<double>(at.time_since_epoch().count() % 300000) / 1000;
  double celsius = now + (then - now) * std::exp(-seconds / settling_seconds) + 6 * (values.activity - level);
  if (restraint.thermal_throttle) celsius = board.thresholds.slowdown + throttle_celsius_above;
  values.temperature = static_cast<int>(std::lround(celsius));
  values.memory_temperature = static_cast<int>(std::lround(celsius + 2 + 6 * values.memory_activity));
  values.fan_percent = board.fans == 0 ? 0 : static_cast<int>(std::clamp((celsius - 35) * 1.7, 0.0, 100.0));
}

void fill_traffic(const Board& board, const EngineMix& now, const EngineTotals& totals, double seconds, GpuValues& values) {
  const double slot = board.pcie_bytes_per_second();
  values.pcie_rx = idle_pcie_bytes + slot * now.pcie;
  values.pcie_tx = idle_pcie_bytes + slot * now.pcie * replies;
  values.pcie_rx_bytes = idle_pcie_bytes * seconds + slot * totals.engines.pcie;
  values.pcie_tx_bytes = idle_pcie_bytes * seconds + slot * totals.engines.pcie * replies;
  const double links = board.nvlinks.count * board.nvlinks.bytes_per_second;
  values.nvlink_tx = values.nvlink_rx = links * now.nvlink;
  values.nvlink_tx_bytes = values.nvlink_rx_bytes = links * totals.engines.nvlink;
}

void scale_add(EngineMix& sum, const EngineMix& mix, double factor) {
  static constexpr double EngineMix::*engines[] = {&EngineMix::tensor, &EngineMix::dram, &EngineMix::sm,      &EngineMix::occupancy,
                                                   &EngineMix::fp64,   &EngineMix::fp32, &EngineMix::fp16,    &EngineMix::integer,
                                                   &EngineMix::nvlink, &EngineMix::pcie, &EngineMix::encoder, &EngineMix::decoder};
  for (double EngineMix::*engine : engines) sum.*engine += factor * mix.*engine;
}

}  // namespace

EngineTotals& EngineTotals::add(const Load& load, double share, Timestamp at) {
  const double seconds = share * load.busy_seconds(at);
  busy += seconds;
  scale_add(engines, engine_mix(load.spec().kind), seconds);
  return *this;
}

GpuValues gpu_values(const Board& board, std::span<const LoadPart> parts, const Restraint& restraint, Timestamp at) {
  GpuValues values;
  EngineMix now;
  EngineTotals totals;
  double busy_a_second_ago = 0;
  for (const LoadPart& part : parts) {
    const double activity = part.share * part.load->activity(at);
    values.activity += activity;
    scale_add(now, engine_mix(part.load->spec().kind), activity);
    totals.add(*part.load, part.share, at);
    busy_a_second_ago += part.share * part.load->busy_seconds(at - Milliseconds(1000));
  }
  values.activity = std::min(values.activity, 1.0);
  values.memory_activity = std::min(now.dram, 1.0);
  values.encoder = now.encoder;
  values.decoder = now.decoder;

  const double ratio = power_ratio(board, restraint.power_limit_watts) * (restraint.thermal_throttle ? throttled_clock : 1);
  const double dynamic = (board.tdp_watts - board.idle_watts) * ratio;
  const double seconds = std::max(0.0, static_cast<double>((at - counting_began).count()) / 1000);
  values.watts = board.idle_watts + dynamic * values.activity;
  values.mean_watts = board.idle_watts + dynamic * std::clamp(totals.busy - busy_a_second_ago, 0.0, 1.0);
  values.energy_joules = board.idle_watts * seconds + dynamic * totals.busy;
  values.power_capped_seconds = (1 - power_ratio(board, restraint.power_limit_watts)) * totals.busy;

  fill_heat(board, parts, restraint, ratio, at, values);
  fill_traffic(board, now, totals, seconds, values);
  values.graphics_clock = graphics_clock(board, values, restraint, ratio);
  const bool at_work = values.activity > 0.005;
  values.memory_clock = board.clocks.memory;
  values.video_clock = at_work ? board.clocks.video_max : board.clocks.video_idle;
  values.performance_state = at_work || board.can.inforom ? 0 : 8;  // data-center boards idle in P0
  if (!at_work) values.clock_reasons |= reason_idle;
  if (restraint.thermal_throttle) values.clock_reasons |= reason_hw_slowdown | reason_hw_thermal;
  if (values.watts > 0.97 * board.tdp_watts || (ratio < 1 && !restraint.thermal_throttle && at_work))
    values.clock_reasons |= reason_power_cap;
  return values;
}

std::vector<RunningProcess> running_processes(std::span<const ProcessSpec> specs, const Load& load, MiB capacity, Timestamp at) {
  std::vector<RunningProcess> result;
  const auto sharing = std::ranges::count_if(specs, [](const ProcessSpec& spec) { return !spec.memory; });
  const double held = load.memory_share(at) * static_cast<double>(capacity.count());
  for (const ProcessSpec& spec : specs) {
    if (!spec.memory && held <= 0) continue;
    const MiB memory = spec.memory.value_or(MiB(static_cast<std::int64_t>(held / static_cast<double>(std::max<std::int64_t>(1, sharing)))));
    result.push_back({spec.pid, &spec.name, memory, spec.graphics});
  }
  return result;
}

MiB memory_used(std::span<const ProcessSpec> specs, const Load& load, MiB capacity, Timestamp at) {
  std::int64_t fixed = 0, sharing = 0;
  for (const ProcessSpec& spec : specs) spec.memory ? fixed += spec.memory->count() : ++sharing;
  const double held = load.memory_share(at) * static_cast<double>(capacity.count());
  if (sharing > 0 && held > 0) fixed += static_cast<std::int64_t>(held / static_cast<double>(sharing)) * sharing;
  return MiB(std::min(fixed, capacity.count()));
}

}  // namespace reeve::sim
