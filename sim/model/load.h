#pragma once
// What a GPU or a MIG slice has to do over time: pure functions of a specification and a point in time.
//
// A load repeats weekly in cells of five minutes, each with a level in [0, 1]; within a cell the activity
// swings around the level with zero mean. So the integral of the activity, which energy and byte counters
// need, is exact and costs the same for any point in time.
//
// Immutable after construction; safe to share between threads.

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/time.h"

namespace reeve::sim {

// Zero of all integrals: a Monday, late enough that sums keep their precision in a double. Nothing ran before.
inline constexpr Timestamp counting_began{std::chrono::seconds(1578268800)};  // 2020-01-06T00:00:00Z

enum class LoadKind {
  idle,       // nothing runs
  steady,     // one level, little movement
  office,     // people at work: weekdays, nine to six
  inference,  // follows the day, bursty
  training,   // long plateaus with short gaps between jobs
  batch,      // full at night, little by day
};

constexpr std::string_view to_text(LoadKind kind) {
  switch (kind) {
    case LoadKind::idle: return "idle";
    case LoadKind::steady: return "steady";
    case LoadKind::office: return "office";
    case LoadKind::inference: return "inference";
    case LoadKind::training: return "training";
    case LoadKind::batch: return "batch";
  }
  return {};
}

struct LoadSpec {
  LoadKind kind = LoadKind::idle;
  double level = 0;       // activity at the peak, [0, 1]
  double memory = 0;      // share of the memory held while it works, [0, 1]
  double volatility = 0;  // how much of the possible swing is used, [0, 1]
  double utc_offset_hours = 0;
  std::uint64_t seed = 0;

  friend bool operator==(const LoadSpec&, const LoadSpec&) = default;
};

// The usual level, memory and volatility of a kind.
LoadSpec typical_load(LoadKind kind, std::uint64_t seed);

// What full activity means for each engine: shares of its peak.
struct EngineMix {
  double tensor = 0;
  double dram = 0;
  double sm = 0;
  double occupancy = 0;
  double fp64 = 0;
  double fp32 = 0;
  double fp16 = 0;
  double integer = 0;
  double nvlink = 0;  // of the links' bandwidth, each direction
  double pcie = 0;    // of the slot's bandwidth, from host to GPU
  double encoder = 0;
  double decoder = 0;
};

const EngineMix& engine_mix(LoadKind kind);

class Load {
 public:
  explicit Load(const LoadSpec& spec);

  const LoadSpec& spec() const { return spec_; }
  double level(Timestamp at) const;         // of the cell, [0, 1]
  double level_before(Timestamp at) const;  // of the cell before
  double activity(Timestamp at) const;      // [0, 1]
  double busy_seconds(Timestamp at) const;  // integral of the activity since `counting_began`; never falls
  bool holds_memory(Timestamp at) const;
  double memory_share(Timestamp at) const;  // [0, 1]; 0 while nothing is held

 private:
  struct Place;
  Place place_of(Timestamp at) const;
  double level_of(std::int64_t cell) const;

  LoadSpec spec_;
  std::vector<std::uint8_t> levels_{};      // 2016 cells of a week from Monday 00:00 local time, in 1/250
  std::array<double, 169> hours_before_{};  // busy seconds of the week before each hour
};

// One user of a GPU: the whole of it, or a MIG instance. The load outlives the value.
struct LoadPart {
  const Load* load = nullptr;
  double share = 1;  // of the GPU's compute slices
};

}  // namespace reeve::sim
