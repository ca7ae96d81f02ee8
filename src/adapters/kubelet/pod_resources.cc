#include "adapters/kubelet/pod_resources.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubelet/proto_reader.h"

namespace reeve::kubelet {
namespace {

constexpr std::array<std::string_view, 4> gpu_domains{"nvidia.com/", "amd.com/", "gpu.intel.com/", "habana.ai/"};
constexpr std::array<std::string_view, 6> no_gpus{"nvidia.com/gpumem",  "nvidia.com/gpumem-percentage", "nvidia.com/gpucores",
                                                  "nvidia.com/hostdev", "nvidia.com/mellanox",          "amd.com/nic"};
constexpr std::array<std::string_view, 4> gpu_drivers{"gpu.nvidia.com", "gpu.amd.com", "gpu.intel.com", "gaudi.intel.com"};

constexpr std::size_t name_max = 317;  // a resource's name: a DNS name, "/" and 63 characters
constexpr std::size_t id_max = 512;

// Names and ids are printable ASCII; anything else is no answer of a kubelet.
bool is_text(std::string_view text, std::size_t size_max) {
  return text.size() <= size_max && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

class ListReader {
 public:
  Result<std::vector<HolderObservation>> read(std::string_view answer) {
    each(answer, 1, [&](std::string_view pod) { read_pod(pod); });
    if (!fault_.empty()) return Error{Errc::unavailable, fmt::format("cannot read the kubelet's answer: {}", fault_)};
    return std::move(holders_);
  }

 private:
  // Calls take(bytes) for each field of that number.
  template <class Take>
  void each(std::string_view message, std::uint32_t number, Take&& take) {
    ProtoReader reader(message);
    while (fault_.empty() && reader.next())
      if (reader.field() == number) take(reader.bytes());
    if (reader.broken()) fault_ = "the message is broken";
  }

  // The last field of that number, as protobuf has it; empty when there is none.
  std::string_view text(std::string_view message, std::uint32_t number, std::size_t size_max) {
    std::string_view found;
    each(message, number, [&](std::string_view bytes) { found = bytes; });
    if (!is_text(found, size_max)) fault_ = "a name is no name";
    return found;
  }

  void read_pod(std::string_view pod) {
    HolderObservation holder;
    holder.pod = text(pod, 1, name_max);
    holder.namespace_name = text(pod, 2, name_max);
    each(pod, 3, [&](std::string_view container) {
      holder.container = text(container, 1, name_max);
      each(container, 2, [&](std::string_view devices) { read_devices(devices, holder); });
      each(container, 5,
           [&](std::string_view claim) { each(claim, 4, [&](std::string_view device) { read_claimed_device(device, holder); }); });
    });
  }

  void read_devices(std::string_view devices, HolderObservation& holder) {
    const std::string_view resource = text(devices, 1, name_max);
    if (!is_gpu_resource(resource)) return;
    holder.resource_name = resource;
    each(devices, 2, [&](std::string_view id) {
      if (!is_text(id, id_max) || id.empty()) fault_ = "a device id is no text";
      holder.device_id = id;
      add(holder);
    });
  }

  void read_claimed_device(std::string_view device, HolderObservation& holder) {
    const std::string_view driver = text(device, 2, name_max);
    if (!is_gpu_driver(driver)) return;
    holder.resource_name.clear();
    holder.device_id = fmt::format("{}/{}/{}", driver, text(device, 3, name_max), text(device, 4, name_max));
    add(holder);
  }

  void add(const HolderObservation& holder) {
    if (holders_.size() == holders_max) fault_ = fmt::format("it names more than {} devices", holders_max);
    if (fault_.empty()) holders_.push_back(holder);
  }

  std::vector<HolderObservation> holders_{};
  std::string fault_{};
};

}  // namespace

bool is_gpu_resource(std::string_view resource_name) {
  if (resource_name.ends_with("_monitoring") || std::ranges::find(no_gpus, resource_name) != no_gpus.end()) return false;
  return std::ranges::any_of(gpu_domains, [&](std::string_view domain) { return resource_name.starts_with(domain); });
}

bool is_gpu_driver(std::string_view dra_driver) { return std::ranges::find(gpu_drivers, dra_driver) != gpu_drivers.end(); }

Result<std::vector<HolderObservation>> holders_of(std::string_view list_answer) { return ListReader().read(list_answer); }

}  // namespace reeve::kubelet
