#pragma once
// A node that does not exist: its GPUs, what runs on them and what goes wrong when. Read from a JSON file;
// sim/README.md describes the format. Immutable once read; safe to share between threads.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/name.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/catalogue/catalogue.h"
#include "domain/mig/geometry.h"
#include "sim/model/board.h"
#include "sim/model/load.h"

namespace reeve::sim {

enum class EventKind {
  xid,       // the driver reports Xid `code`
  lost,      // the GPU is off the bus
  hang,      // calls of `function` do not return before `until`
  error,     // calls of `function` return `code`
  throttle,  // the clocks are held down by heat
};

constexpr std::string_view to_text(EventKind kind) {
  switch (kind) {
    case EventKind::xid: return "xid";
    case EventKind::lost: return "lost";
    case EventKind::hang: return "hang";
    case EventKind::error: return "error";
    case EventKind::throttle: return "throttle";
  }
  return {};
}

struct Event {
  EventKind kind = EventKind::xid;
  Timestamp from{};
  Timestamp until = Timestamp::max();  // not of xid
  int code = 0;
  std::string function{};  // "nvmlDeviceGetPowerUsage"
  std::optional<int> gpu_instance{};

  bool covers(Timestamp at) const { return from <= at && at < until; }
};

struct ProcessSpec {
  std::uint32_t pid = 0;
  std::string name{};
  std::optional<MiB> memory{};  // absent: an equal part of what the load holds, and alive only while it does
  bool graphics = false;
};

struct Health {  // counters as they stand; none of them moves
  std::uint64_t ecc_corrected = 0;
  std::uint64_t ecc_uncorrected = 0;
  unsigned int retired_single_bit = 0;
  unsigned int retired_double_bit = 0;
  bool retired_pending = false;
  unsigned int remapped_correctable = 0;
  unsigned int remapped_uncorrectable = 0;
  bool remapped_pending = false;
  bool remapped_failure = false;
  unsigned int pcie_replays = 0;
};

struct InstanceSpec {
  mig::PlacedInstance place{};
  int gpu_instance_id = 0;
  std::shared_ptr<const Load> load{};
  std::vector<ProcessSpec> processes{};
};

struct GpuValues;

struct GpuSpec {
  std::shared_ptr<const Board> board{};
  int index = 0;
  GpuUuid uuid{};
  std::string serial{};
  std::string pci_address{};  // "00000000:18:00.0"
  bool mig_enabled = false;
  bool held_by_client = false;                  // something like DCGM has it open: no reset, so no MIG mode change before Hopper
  std::vector<InstanceSpec> instances{};        // in the order of creation; each with one compute instance over the whole
  std::shared_ptr<const Load> load{};           // of the GPU outside MIG
  std::shared_ptr<const Load> instance_load{};  // of instances created later
  std::vector<ProcessSpec> processes{};
  Health health{};
  std::vector<Event> events{};  // by ascending start

  std::vector<LoadPart> parts{};                   // what loads it at the start: `load`, or those of the instances
  std::shared_ptr<const GpuValues> when_loaded{};  // zero of the counters

  bool lost(Timestamp at) const;
  bool throttled(Timestamp at) const;
};

struct SimulatedClock {
  Milliseconds offset{0};
  double speed = 1;  // simulated seconds a second
};

struct Scenario {
  NodeName node{};
  std::string driver_version{};
  int cuda_version = 0;          // 13000
  Timestamp start{};             // zero of the events' seconds, and where a faster clock began
  Timestamp driver_loaded_at{};  // zero of the energy counters
  SimulatedClock clock{};
  std::string state_file{};          // MIG layouts outlive the process here; empty: they do not
  std::string boot_id{};             // another one than in the state file: the machine was started anew
  std::optional<bool> privileged{};  // absent: as the process
  Milliseconds pcie_window{20};      // how long the PCIe throughput call measures
  std::vector<GpuSpec> gpus{};
  std::vector<Event> events{};  // of calls without a GPU, and of all GPUs

  // Simulated time at `wall`.
  Timestamp time_at(Timestamp wall) const;
};

// `now` is the start of a scenario that names none. Invalid argument: "cannot read scenario: gpus[1].mig[0]: why".
Result<Scenario> parse_scenario(std::string_view json, const Catalogue& catalogue, Timestamp now);

// Part of the GPU's compute slices that a profile has.
double compute_share(const mig::Geometry& geometry, const mig::GpuInstanceProfile& profile);

// "MIG-..." of the compute instance: the same whenever the same instance is made again, as with the real driver.
GpuUuid mig_uuid(const GpuUuid& gpu, int gpu_instance_id, int compute_instance_id);

}  // namespace reeve::sim
