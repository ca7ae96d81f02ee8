#pragma once
// Which GPU instances can stand on one GPU, and where. The rule (NVIDIA open-gpu-kernel-modules kmigmgr;
// MIG user guide; reproduced on seven public transcripts): a set of instances is valid iff each stands on
// a legal start of its profile, no two spans overlap, no profile exceeds its max_instances, at most one
// instance owns the media extensions, and an owner of all media leaves the others without.
//
// Pure values, safe to share between threads.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/mig/profile.h"

namespace reeve::mig {

struct PlacedInstance {
  int profile_id = 0;
  Placement placement{};

  friend auto operator<=>(const PlacedInstance&, const PlacedInstance&) = default;
};

class Geometry {
 public:
  // Refuses a table that contradicts itself: a start outside the slots, two profiles with one id, no profile.
  static Result<Geometry> make(std::string name, std::vector<std::string> pci_device_ids, std::vector<GpuInstanceProfile> profiles,
                               std::vector<ComputeInstanceProfile> compute_profiles);

  const std::string& name() const { return name_; }  // "A100-40GB (SXM4/PCIe)"
  const std::vector<std::string>& pci_device_ids() const { return pci_device_ids_; }
  int slots() const { return slots_; }  // memory slots: 8, 4 or 12
  std::span<const GpuInstanceProfile> profiles() const { return profiles_; }

  // nullptr when this GPU has no such profile.
  const GpuInstanceProfile* profile(int id) const;
  const GpuInstanceProfile* profile_by_enum(int nvml_enum) const;
  const GpuInstanceProfile* profile_by_name(std::string_view name) const;  // "1g.10gb", also "MIG 1g.10gb"

  // Compute instance profiles that fit into `gpu_instance_profile`, by ascending slices.
  std::vector<ComputeInstanceProfile> compute_profiles(int gpu_instance_profile) const;

  bool is_valid(std::span<const PlacedInstance> instances) const;

  // Placements of the profile that are still free beside `present`, by ascending start. Empty when the
  // profile's own limit is reached. Precondition: `present` is valid, the profile exists.
  std::vector<Placement> free_placements(int profile_id, std::span<const PlacedInstance> present) const;

  // The free placement that the driver itself takes: the one which blocks the fewest (profile, placement)
  // pairs that are still possible, lowest start on a tie. Inferred from transcripts, not documented.
  std::optional<Placement> driver_choice(int profile_id, std::span<const PlacedInstance> present) const;

  // GPU instance id that the driver gives to a span (its swizzle id). Adapters read ids back from the
  // driver and never compute them; this is for the simulated driver and for plans shown before they run.
  int gpu_instance_id(Placement placement) const;

 private:
  std::string name_;
  std::vector<std::string> pci_device_ids_;
  int slots_ = 0;
  std::vector<GpuInstanceProfile> profiles_;
  std::vector<ComputeInstanceProfile> compute_profiles_;
};

}  // namespace reeve::mig
