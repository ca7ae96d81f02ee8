#include "sim/model/load.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/model/hash_noise.h"

namespace reeve::sim {
namespace {

constexpr std::int64_t cell_seconds = 300;
constexpr std::int64_t cells_per_hour = 12;
constexpr std::int64_t cells_per_day = 288;
constexpr std::int64_t cells_per_week = 7 * cells_per_day;
constexpr double level_steps = 250;
constexpr double burst_seconds = 20;
constexpr double burst_share = 0.3;  // of a burst cell in which the burst is on
constexpr double between_bursts = -burst_share / (1 - burst_share);
constexpr double two_pi = 2 * std::numbers::pi;

double smooth_step(double from, double to, double x) {
  const double u = std::clamp((x - from) / (to - from), 0.0, 1.0);
  return u * u * (3 - 2 * u);
}

double office_level(int day, double hour) {
  if (day >= 5) return 0.03;
  const double at_work = smooth_step(8, 10, hour) - smooth_step(17, 19, hour);
  const double lunch = 0.45 * (smooth_step(11.7, 12.1, hour) - smooth_step(12.9, 13.3, hour));
  return std::max(0.02, at_work - lunch);
}

double inference_level(int day, double hour) {
  const double daily = 0.5 - 0.5 * std::cos(two_pi * (hour - 3) / 24);  // least at three in the night
  const double evening = 0.15 * (smooth_step(18, 20, hour) - smooth_step(22, 24, hour));
  return (0.18 + 0.67 * daily + evening) * (day >= 5 ? 0.7 : 1.0);
}

double batch_level(double hour) { return hour >= 21 || hour < 6 ? 1.0 : 0.05; }

// Jobs of three to fifteen hours with gaps of ten to seventy minutes; a dip once an hour while a checkpoint is written.
void lay_training_jobs(std::uint64_t seed, std::vector<double>& levels) {
  auto cell = static_cast<std::int64_t>(unit_noise(seed, 1) * 60) - 60;
  for (std::uint64_t job = 0; cell < cells_per_week; ++job) {
    const auto length = static_cast<std::int64_t>(36 + unit_noise(seed, 10 + 3 * job) * 144);
    const double height = 0.86 + 0.13 * unit_noise(seed, 11 + 3 * job);
    for (std::int64_t n = 0; n < length; ++n)
      if (cell + n >= 0 && cell + n < cells_per_week)
        levels[static_cast<std::size_t>(cell + n)] = n % cells_per_hour == cells_per_hour - 1 ? 0.55 * height : height;
    cell += length + static_cast<std::int64_t>(2 + unit_noise(seed, 12 + 3 * job) * 12);
  }
}

std::vector<double> weekly_shape(const LoadSpec& spec) {
  std::vector<double> levels(cells_per_week, 0.0);
  if (spec.kind == LoadKind::training) {
    lay_training_jobs(spec.seed, levels);
    return levels;
  }
  for (std::int64_t cell = 0; cell < cells_per_week; ++cell) {
    const auto day = static_cast<int>(cell / cells_per_day);
    const double hour = 24.0 * static_cast<double>(cell % cells_per_day) / cells_per_day;
    const double wobble = 0.9 + 0.2 * unit_noise(spec.seed, 1000 + static_cast<std::uint64_t>(cell));
    double& level = levels[static_cast<std::size_t>(cell)];
    switch (spec.kind) {
      case LoadKind::idle: break;
      case LoadKind::steady: level = 1; break;
      case LoadKind::office: level = office_level(day, hour) * wobble; break;
      case LoadKind::inference: level = inference_level(day, hour) * wobble; break;
      case LoadKind::batch: level = batch_level(hour) * wobble; break;
      case LoadKind::training: break;
    }
  }
  return levels;
}

struct Wave {  // the slow swing of one cell: a sum of sines that vanishes at both ends, in [-1, 1]
  double first, second;
};

Wave wave_of(std::uint64_t seed, std::int64_t cell) {
  const auto n = static_cast<std::uint64_t>(cell);
  return {0.6 * (2 * unit_noise(seed ^ 0xA1, n) - 1), 0.4 * (2 * unit_noise(seed ^ 0xA2, n) - 1)};
}

double slow(Wave wave, double u) { return wave.first * std::sin(two_pi * u) + wave.second * std::sin(2 * two_pi * u); }

double slow_integral(Wave wave, double u) {
  return (wave.first * (1 - std::cos(two_pi * u)) + wave.second * (1 - std::cos(2 * two_pi * u)) / 2) / two_pi;
}

double burst_start(std::uint64_t seed, std::int64_t burst_cell) {
  return (1 - burst_share) * unit_noise(seed ^ 0xB1, static_cast<std::uint64_t>(burst_cell));
}

double burst(double start, double v) { return v >= start && v < start + burst_share ? 1 : between_bursts; }

double burst_integral(double start, double v) {
  const double on = std::clamp(v - start, 0.0, burst_share);
  return on + between_bursts * (v - on);
}

}  // namespace

LoadSpec typical_load(LoadKind kind, std::uint64_t seed) {
  switch (kind) {
    case LoadKind::idle: return {kind, 0, 0, 0, 0, seed};
    case LoadKind::steady: return {kind, 0.6, 0.5, 0.1, 0, seed};
    case LoadKind::office: return {kind, 0.7, 0.35, 0.8, 0, seed};
    case LoadKind::inference: return {kind, 0.9, 0.88, 0.9, 0, seed};
    case LoadKind::training: return {kind, 1.0, 0.82, 0.6, 0, seed};
    case LoadKind::batch: return {kind, 0.95, 0.7, 0.5, 0, seed};
  }
  return {};
}

const EngineMix& engine_mix(LoadKind kind) {
  static constexpr EngineMix none{};
  static constexpr EngineMix general{.tensor = 0.1,
                                     .dram = 0.4,
                                     .sm = 0.75,
                                     .occupancy = 0.4,
                                     .fp64 = 0.05,
                                     .fp32 = 0.25,
                                     .fp16 = 0.05,
                                     .integer = 0.2,
                                     .nvlink = 0,
                                     .pcie = 0.05,
                                     .encoder = 0,
                                     .decoder = 0};
  static constexpr EngineMix inference{.tensor = 0.35,
                                       .dram = 0.72,
                                       .sm = 0.8,
                                       .occupancy = 0.35,
                                       .fp64 = 0,
                                       .fp32 = 0.1,
                                       .fp16 = 0.2,
                                       .integer = 0.12,
                                       .nvlink = 0.06,
                                       .pcie = 0.03,
                                       .encoder = 0,
                                       .decoder = 0.08};
  static constexpr EngineMix training{.tensor = 0.58,
                                      .dram = 0.55,
                                      .sm = 0.92,
                                      .occupancy = 0.45,
                                      .fp64 = 0,
                                      .fp32 = 0.12,
                                      .fp16 = 0.15,
                                      .integer = 0.1,
                                      .nvlink = 0.35,
                                      .pcie = 0.02,
                                      .encoder = 0,
                                      .decoder = 0};
  static constexpr EngineMix batch{.tensor = 0.2,
                                   .dram = 0.5,
                                   .sm = 0.85,
                                   .occupancy = 0.5,
                                   .fp64 = 0.15,
                                   .fp32 = 0.3,
                                   .fp16 = 0.05,
                                   .integer = 0.15,
                                   .nvlink = 0.1,
                                   .pcie = 0.12,
                                   .encoder = 0.25,
                                   .decoder = 0.3};
  switch (kind) {
    case LoadKind::idle: return none;
    case LoadKind::steady: return general;
    case LoadKind::office: return general;
    case LoadKind::inference: return inference;
    case LoadKind::training: return training;
    case LoadKind::batch: return batch;
  }
  return none;
}

struct Load::Place {
  std::int64_t cell;  // of time, not of the week
  double seconds;     // into the cell
  double since_zero;  // seconds since counting began, local time
};

Load::Load(const LoadSpec& spec) : spec_(spec) {
  levels_.reserve(cells_per_week);
  double sum = 0;
  for (const double shape : weekly_shape(spec)) {
    const double level = std::clamp(shape * spec.level, 0.0, 1.0);
    if (levels_.size() % cells_per_hour == 0) hours_before_[levels_.size() / cells_per_hour] = sum;
    levels_.push_back(static_cast<std::uint8_t>(std::lround(level * level_steps)));
    sum += levels_.back() / level_steps * cell_seconds;
  }
  hours_before_.back() = sum;
}

Load::Place Load::place_of(Timestamp at) const {
  const auto offset_ms = static_cast<std::int64_t>(spec_.utc_offset_hours * 3600000);
  const std::int64_t ms = std::max<std::int64_t>(0, (at - counting_began).count() + offset_ms);
  const std::int64_t cell = ms / (cell_seconds * 1000);
  return {cell, static_cast<double>(ms % (cell_seconds * 1000)) / 1000, static_cast<double>(ms) / 1000};
}

double Load::level_of(std::int64_t cell) const { return levels_[static_cast<std::size_t>(cell % cells_per_week)] / level_steps; }

double Load::level(Timestamp at) const { return level_of(place_of(at).cell); }

double Load::level_before(Timestamp at) const { return level_of(std::max<std::int64_t>(0, place_of(at).cell - 1)); }

double Load::activity(Timestamp at) const {
  const Place place = place_of(at);
  const double level = level_of(place.cell);
  const double swing = spec_.volatility * std::min(level, 1 - level);
  if (swing <= 0) return level;
  const double bursts = place.since_zero / burst_seconds;
  const auto burst_cell = static_cast<std::int64_t>(bursts);
  const double fast = burst(burst_start(spec_.seed, burst_cell), bursts - static_cast<double>(burst_cell));
  return level + swing * 0.5 * (slow(wave_of(spec_.seed, place.cell), place.seconds / cell_seconds) + fast);
}

double Load::busy_seconds(Timestamp at) const {
  const Place place = place_of(at);
  const std::int64_t in_week = place.cell % cells_per_week;
  const std::int64_t hour = in_week / cells_per_hour;
  const std::int64_t weeks = place.cell / cells_per_week;
  double sum = static_cast<double>(weeks) * hours_before_.back() + hours_before_[static_cast<std::size_t>(hour)];
  for (std::int64_t cell = hour * cells_per_hour; cell < in_week; ++cell) sum += level_of(cell) * cell_seconds;
  const double level = level_of(place.cell);
  sum += level * place.seconds;
  const double swing = spec_.volatility * std::min(level, 1 - level);
  if (swing <= 0) return sum;
  const double bursts = place.since_zero / burst_seconds;
  const auto burst_cell = static_cast<std::int64_t>(bursts);
  const double fast = burst_seconds * burst_integral(burst_start(spec_.seed, burst_cell), bursts - static_cast<double>(burst_cell));
  return sum + swing * 0.5 * (cell_seconds * slow_integral(wave_of(spec_.seed, place.cell), place.seconds / cell_seconds) + fast);
}

bool Load::holds_memory(Timestamp at) const {
  if (spec_.memory <= 0 || spec_.kind == LoadKind::idle) return false;
  const bool always = spec_.kind == LoadKind::inference || spec_.kind == LoadKind::steady;
  return always || level(at) > 0.06;
}

double Load::memory_share(Timestamp at) const {
  if (!holds_memory(at)) return 0;
  const Place place = place_of(at);
  return spec_.memory * (1 - 0.04 * unit_noise(spec_.seed ^ 0xC1, static_cast<std::uint64_t>(place.cell / cells_per_hour)));
}

}  // namespace reeve::sim
