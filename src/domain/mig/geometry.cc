#include "domain/mig/geometry.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace reeve::mig {
namespace {

constexpr int slice_enum_max = 6;  // NVML's plain n-slice profiles; a revision (+me, double memory, gfx) counts from 7

bool has_start(const GpuInstanceProfile& profile, Placement placement) {
  return placement.size == profile.size && std::ranges::find(profile.starts, placement.start) != profile.starts.end();
}

bool owns_extensions(const GpuInstanceProfile& profile) {
  return profile.media == MediaClaim::extensions || profile.media == MediaClaim::all;
}

bool overlaps_any(Placement placement, std::span<const PlacedInstance> present) {
  return std::ranges::any_of(present, [&](const PlacedInstance& other) { return placement.overlaps(other.placement); });
}

// Media engines exist once: one owner of the extensions, and an owner of all of them leaves none to share.
bool media_fits(const GpuInstanceProfile& profile, const GpuInstanceProfile& other) {
  if (owns_extensions(profile) && owns_extensions(other)) return false;
  if (profile.media == MediaClaim::all) return other.media == MediaClaim::none;
  if (other.media == MediaClaim::all) return profile.media == MediaClaim::none;
  return true;
}

Status check_profile(const std::string& gpu, const GpuInstanceProfile& profile, int slots) {
  const auto refuse = [&](std::string_view why) {
    return Error{Errc::invalid_argument, fmt::format("cannot use the MIG table of '{}': profile {}: {}", gpu, profile.id, why)};
  };
  if (profile.size <= 0) return refuse("its size is not positive");
  if (profile.starts.empty()) return refuse("it has no start");
  if (profile.max_instances <= 0) return refuse("its limit is not positive");
  for (const int start : profile.starts)
    if (start < 0 || start + profile.size > slots) return refuse(fmt::format("start {} is outside the {} slots", start, slots));
  return Done{};
}

int multiprocessors_of_one_slice(std::span<const GpuInstanceProfile> profiles) {
  for (const GpuInstanceProfile& profile : profiles)
    if (profile.gpu_slices == 1 && profile.nvml_enum <= slice_enum_max) return profile.multiprocessors;
  return 0;
}

// Every captured board cuts its GPU instances alike (A100, A30, H100); a board whose compute table nobody
// captured is taken to do the same. 3c exists where it is the whole instance or fits twice.
std::vector<ComputeInstanceProfile> common_compute_profiles(const GpuInstanceProfile& gpu, int multiprocessors_per_slice) {
  struct Row {
    int id, slices, step;
  };
  static constexpr Row rows[] = {{0, 1, 1}, {1, 2, 2}, {2, 3, 4}, {3, 4, 4}, {4, 7, 7}};
  std::vector<ComputeInstanceProfile> result;
  for (const Row& row : rows) {
    const bool whole = row.slices == gpu.gpu_slices;
    if (row.slices > gpu.gpu_slices || (row.slices == 3 && !whole && gpu.gpu_slices < 7)) continue;
    ComputeInstanceProfile profile{.gpu_instance_profile = gpu.id, .id = row.id, .nvml_enum = row.id};
    profile.name = whole ? gpu.name : fmt::format("{}c.{}", row.slices, gpu.name);
    profile.slices = row.slices;
    profile.whole_instance = whole;
    profile.multiprocessors = whole ? gpu.multiprocessors : multiprocessors_per_slice * row.slices;
    profile.size = row.slices;
    for (int start = 0; start + row.slices <= gpu.gpu_slices; start += row.step) profile.starts.push_back(start);
    profile.max_instances = static_cast<int>(profile.starts.size());
    result.push_back(std::move(profile));
  }
  return result;
}

}  // namespace

Result<Geometry> Geometry::make(std::string name, std::vector<std::string> pci_device_ids, std::vector<GpuInstanceProfile> profiles,
                                std::vector<ComputeInstanceProfile> compute_profiles) {
  if (profiles.empty()) return Error{Errc::invalid_argument, fmt::format("cannot use the MIG table of '{}': it has no profile", name)};
  Geometry geometry;
  for (const GpuInstanceProfile& profile : profiles) geometry.slots_ = std::max(geometry.slots_, profile.size);
  for (auto profile = profiles.begin(); profile != profiles.end(); ++profile) {
    if (Status fine = check_profile(name, *profile, geometry.slots_); !fine) return fine.error();
    const auto same_id = [&](const GpuInstanceProfile& other) { return other.id == profile->id; };
    if (std::any_of(profiles.begin(), profile, same_id))
      return Error{Errc::invalid_argument, fmt::format("cannot use the MIG table of '{}': profile {} is there twice", name, profile->id)};
  }
  for (GpuInstanceProfile& profile : profiles) std::ranges::sort(profile.starts);
  geometry.name_ = std::move(name);
  geometry.pci_device_ids_ = std::move(pci_device_ids);
  geometry.profiles_ = std::move(profiles);
  geometry.compute_profiles_ = std::move(compute_profiles);
  return geometry;
}

const GpuInstanceProfile* Geometry::profile(int id) const {
  const auto found = std::ranges::find(profiles_, id, &GpuInstanceProfile::id);
  return found == profiles_.end() ? nullptr : &*found;
}

const GpuInstanceProfile* Geometry::profile_by_enum(int nvml_enum) const {
  const auto found = std::ranges::find(profiles_, nvml_enum, &GpuInstanceProfile::nvml_enum);
  return found == profiles_.end() ? nullptr : &*found;
}

const GpuInstanceProfile* Geometry::profile_by_name(std::string_view name) const {
  if (name.starts_with("MIG ")) name.remove_prefix(4);
  const auto found = std::ranges::find(profiles_, name, &GpuInstanceProfile::name);
  return found == profiles_.end() ? nullptr : &*found;
}

std::vector<ComputeInstanceProfile> Geometry::compute_profiles(int gpu_instance_profile) const {
  const GpuInstanceProfile* gpu = profile(gpu_instance_profile);
  if (gpu == nullptr) return {};
  std::vector<ComputeInstanceProfile> result;
  for (const ComputeInstanceProfile& candidate : compute_profiles_)
    if (candidate.gpu_instance_profile == gpu_instance_profile) result.push_back(candidate);
  if (result.empty()) result = common_compute_profiles(*gpu, multiprocessors_of_one_slice(profiles_));
  std::ranges::stable_sort(result, {}, &ComputeInstanceProfile::slices);
  return result;
}

bool Geometry::is_valid(std::span<const PlacedInstance> instances) const {
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const GpuInstanceProfile* own = profile(instances[i].profile_id);
    if (own == nullptr || !has_start(*own, instances[i].placement)) return false;
    if (overlaps_any(instances[i].placement, instances.first(i))) return false;
    int of_this_profile = 1;
    for (const PlacedInstance& other : instances.first(i)) {
      if (!media_fits(*own, *profile(other.profile_id))) return false;
      if (other.profile_id == own->id) ++of_this_profile;
    }
    if (of_this_profile > own->max_instances) return false;
  }
  return true;
}

std::vector<Placement> Geometry::free_placements(int profile_id, std::span<const PlacedInstance> present) const {
  const GpuInstanceProfile* wanted = profile(profile_id);
  REEVE_CHECK(wanted != nullptr);
  if (std::ranges::count(present, profile_id, &PlacedInstance::profile_id) >= wanted->max_instances) return {};
  for (const PlacedInstance& other : present)
    if (!media_fits(*wanted, *profile(other.profile_id))) return {};
  std::vector<Placement> result;
  for (const int start : wanted->starts) {
    const Placement placement{start, wanted->size};
    if (!overlaps_any(placement, present)) result.push_back(placement);
  }
  return result;
}

std::optional<Placement> Geometry::driver_choice(int profile_id, std::span<const PlacedInstance> present) const {
  // Only spans count here, not limits: the driver's own bookkeeping (kmigmgr) is one of spans.
  const auto blocked_by = [&](Placement candidate) {
    int blocked = 0;
    for (const GpuInstanceProfile& other : profiles_) {
      if (other.nvml_enum > slice_enum_max) continue;
      for (const int start : other.starts) {
        const Placement span{start, other.size};
        if (span.overlaps(candidate) && !overlaps_any(span, present)) ++blocked;
      }
    }
    return blocked;
  };
  const std::vector<Placement> free = free_placements(profile_id, present);
  const auto best = std::ranges::min_element(free, {}, blocked_by);  // the first of equals: free ascends
  return best == free.end() ? std::nullopt : std::optional(*best);
}

int Geometry::gpu_instance_id(Placement placement) const {
  REEVE_CHECK(placement.size > 0 && slots_ % placement.size == 0);
  return slots_ / placement.size - 1 + placement.start / placement.size;
}

}  // namespace reeve::mig
