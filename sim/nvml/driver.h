#pragma once
// The state of the simulated driver: what a real one would keep in the kernel, for one process.
//
// Threads: everything behind lock(); a Driver lives on while a call holds it, even when another thread starts
// the library anew.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "adapters/vendor_nvml/nvml_structs.h"
#include "base/result.h"
#include "domain/catalogue/catalogue.h"
#include "sim/model/gpu_values.h"
#include "sim/model/scenario.h"

namespace reeve::sim {

struct ComputeInstanceState {
  int id = 0;
  int profile_id = 0;
  mig::Placement placement{};  // compute slices within the GPU instance
};

struct GpuInstanceState {
  int id = 0;
  int profile_id = 0;
  mig::Placement placement{};
  std::shared_ptr<const Load> load{};
  std::vector<ProcessSpec> processes{};  // all in the first compute instance
  std::map<int, ComputeInstanceState> compute{};
};

// Counters that must not jump when a load or a limit changes.
struct CounterOffsets {
  double energy_joules = 0;
  double capped_seconds = 0;
  double pcie_tx_bytes = 0;
  double pcie_rx_bytes = 0;
  double nvlink_bytes = 0;
};

class Gpu {
 public:
  explicit Gpu(const GpuSpec& spec);

  const GpuSpec& spec() const { return *spec_; }
  const Board& board() const { return *spec_->board; }
  const mig::Geometry& geometry() const { return *spec_->board->geometry; }  // only where there is MIG
  const mig::GpuInstanceProfile& profile_of(const GpuInstanceState& instance) const { return *geometry().profile(instance.profile_id); }

  std::vector<mig::PlacedInstance> placed() const;
  // Compute slices on which the profile could still stand in the instance, ascending.
  std::vector<mig::Placement> free_compute(const GpuInstanceState& instance, const mig::ComputeInstanceProfile& profile) const;
  bool is_busy(Timestamp at) const;      // a process runs on it
  GpuValues values(Timestamp at) const;  // counters since the driver was loaded
  std::vector<LoadPart> parts() const;   // what loads it now
  MiB usable_memory() const { return board().memory_total - board().memory_reserved; }
  MiB used_memory(Timestamp at) const;

  // Carries out `change`, which alters load or limits, without a jump of the counters.
  template <class Change>
  void alter(Timestamp at, Change&& change) {
    const GpuValues before = raw_values(at);
    change();
    const GpuValues after = raw_values(at);
    offsets_.energy_joules += before.energy_joules - after.energy_joules + rounding_joules;
    offsets_.capped_seconds += before.power_capped_seconds - after.power_capped_seconds;
    offsets_.pcie_tx_bytes += before.pcie_tx_bytes - after.pcie_tx_bytes;
    offsets_.pcie_rx_bytes += before.pcie_rx_bytes - after.pcie_rx_bytes;
    offsets_.nvlink_bytes += before.nvlink_tx_bytes - after.nvlink_tx_bytes;
  }

  bool mig_current = false;
  bool mig_pending = false;
  std::map<int, GpuInstanceState> instances{};  // by id
  Restraint restraint{};
  bool persistence = true;
  unsigned int compute_mode = 0;

 private:
  static constexpr double rounding_joules = 1e-3;  // so that the counter, whole millijoules, does not step back

  GpuValues raw_values(Timestamp at) const;

  const GpuSpec* spec_;
  CounterOffsets offsets_{};
};

enum class HandleKind { gpu, mig_device, gpu_instance, compute_instance };

// What an opaque handle points at. A handle of an instance that is gone stays known; made again, it works again.
struct Handle {
  HandleKind kind = HandleKind::gpu;
  int gpu = 0;
  int gpu_instance = -1;
  int compute_instance = -1;
};

class Driver {
 public:
  explicit Driver(Scenario scenario);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  const Scenario& scenario() const { return scenario_; }
  std::mutex& mutex() { return mutex_; }
  Timestamp now() const;
  bool privileged() const;

  std::vector<Gpu>& gpus() { return gpus_; }
  void* handle(const Handle& what);              // the same for the same thing
  const Handle* find(const void* handle) const;  // nullptr: not one of ours

  // Puts the MIG state where it outlives the process; a fault is told on stderr once.
  void save() const;

  // Compute instances of the GPU in the order of MIG device indices.
  std::vector<std::pair<int, int>> mig_devices(const Gpu& gpu) const;

  struct MigChange {
    Timestamp at{};
    int gpu = 0;
  };
  std::vector<MigChange> mig_changes{};  // newest last; event sets read it

 private:
  Scenario scenario_;
  std::mutex mutex_{};
  std::vector<Gpu> gpus_{};
  std::map<std::tuple<HandleKind, int, int, int>, std::unique_ptr<Handle>> handles_{};
  std::set<const void*> known_{};
};

// The MIG state as text, and back. Instances that the text names and the board cannot hold are left out.
std::string mig_state_text(const Driver& driver, const std::vector<Gpu>& gpus);
void restore_mig_state(std::string_view text, const Scenario& scenario, std::vector<Gpu>& gpus);

}  // namespace reeve::sim
