#pragma once
// MIG profiles: what a GPU instance or compute instance of one kind is made of. Profiles are matched by
// id, never by name: the name moves with board and driver (H200 says 1g.18gb where H100 says 1g.10gb).

#include <string>
#include <vector>

#include "base/units.h"

namespace reeve::mig {

// Where a GPU instance stands: memory slots [start, start + size).
struct Placement {
  int start = 0;
  int size = 0;

  int end() const { return start + size; }
  bool overlaps(Placement other) const { return start < other.end() && other.start < end(); }
  friend auto operator<=>(const Placement&, const Placement&) = default;
};

// Who may own the media engines (NVDEC, NVJPG, OFA) that exist once per GPU.
enum class MediaClaim { usual, extensions, all, none };  // "", "+me", "+me.all", "-me"

constexpr std::string_view to_text(MediaClaim claim) {
  switch (claim) {
    case MediaClaim::usual: return "usual";
    case MediaClaim::extensions: return "extensions";
    case MediaClaim::all: return "all";
    case MediaClaim::none: return "none";
  }
  return {};
}

struct GpuInstanceProfile {
  int id = 0;          // what nvidia-smi and nvmlDeviceCreateGpuInstance take: 19, 14, 9 ...
  int nvml_enum = 0;   // what nvmlDeviceGetGpuInstanceProfileInfo takes: 0 .. 0x11
  std::string name{};  // "1g.10gb+me", as the driver of this board names it
  int gpu_slices = 0;  // compute slices
  int memory_slices = 0;
  MiB memory{};             // 0 when no capture shows it
  int multiprocessors = 0;  // SM; 0 when no capture shows it
  int copy_engines = 0;
  int decoders = 0;
  int encoders = 0;
  int jpeg_engines = 0;
  int ofa_engines = 0;
  int max_instances = 0;  // most of this profile on one GPU
  std::vector<int> starts{};
  int size = 0;  // memory slots of one instance
  bool p2p = false;
  MediaClaim media = MediaClaim::usual;
  bool graphics = false;  // "+gfx"

  friend bool operator==(const GpuInstanceProfile&, const GpuInstanceProfile&) = default;
};

struct ComputeInstanceProfile {
  int gpu_instance_profile = 0;  // id of the GpuInstanceProfile in which it can be made
  int id = 0;                    // 0 (1c), 1 (2c), 2 (3c), 3 (4c), 4 (7c)
  int nvml_enum = 0;
  std::string name{};  // "1c.2g.10gb"
  int slices = 0;
  int max_instances = 0;
  bool whole_instance = false;  // equal to its GPU instance; nvidia-smi marks it `*`
  int multiprocessors = 0;
  std::vector<int> starts{};
  int size = 0;

  friend bool operator==(const ComputeInstanceProfile&, const ComputeInstanceProfile&) = default;
};

}  // namespace reeve::mig
