#include "domain/inventory/device_id.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "base/parse.h"

namespace reeve {
namespace {

using Found = std::optional<ResolvedDevice>;

std::optional<int> number_of(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;  // from_chars takes "-0"
  return parse_number<int>(text);
}

// "name7" -> 7 for the name "name".
std::optional<int> number_after(std::string_view prefix, std::string_view text) {
  return text.starts_with(prefix) ? number_of(text.substr(prefix.size())) : std::nullopt;
}

// Up to the next separator, which goes too; all of it when there is none.
std::string_view take_part(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

// The one device for which `is_it` holds; none when there are two.
template <class IsIt>
Found only_device(const NodeObservation& node, IsIt&& is_it) {
  Found found;
  for (std::size_t i = 0; i < node.devices.size(); ++i) {
    if (!is_it(node.devices[i])) continue;
    if (found) return std::nullopt;
    found = ResolvedDevice{.position = i};
  }
  return found;
}

Found device_at_index(const NodeObservation& node, int index) {
  return only_device(node, [&](const DeviceObservation& device) { return device.index == index; });
}

// The same device with its slice, if it has that one.
template <class IsIt>
Found with_slice(const NodeObservation& node, Found device, IsIt&& is_it) {
  if (!device) return std::nullopt;
  const auto& instances = node.devices[device->position].instances;
  const auto slice = std::ranges::find_if(instances, is_it);
  if (slice == instances.end()) return std::nullopt;
  device->gpu_instance = slice->gpu_instance_id;
  return device;
}

Found by_mig_uuid(const NodeObservation& node, std::string_view uuid) {
  const auto has_it = [&](const InstanceObservation& instance) { return instance.uuid.text == uuid; };
  const Found device = only_device(node, [&](const DeviceObservation& one) { return std::ranges::any_of(one.instances, has_it); });
  return with_slice(node, device, has_it);
}

// "GPU-<uuid>/7/0", what follows the "MIG-" of drivers before R470.
Found by_mig_path(const NodeObservation& node, std::string_view path) {
  const std::string_view uuid = take_part(path, '/');
  const auto gpu_instance = number_of(take_part(path, '/'));
  const auto compute_instance = number_of(path);
  if (!gpu_instance || !compute_instance) return std::nullopt;
  const Found device = only_device(node, [&](const DeviceObservation& one) { return one.uuid.text == uuid; });
  return with_slice(node, device, [&](const InstanceObservation& one) {
    return one.gpu_instance_id == *gpu_instance && one.compute_instance_id == *compute_instance;
  });
}

// "nvidia0", "nvidia0/gi7", "nvidia0/vgpu0", "nvidia0/gi7/vgpu1".
Found by_device_file(const NodeObservation& node, std::string_view path) {
  const auto index = number_after("nvidia", take_part(path, '/'));
  if (!index) return std::nullopt;
  Found found = device_at_index(node, *index);
  if (path.starts_with("gi")) {
    const auto gpu_instance = number_after("gi", take_part(path, '/'));
    if (!gpu_instance) return std::nullopt;
    found = with_slice(node, found, [&](const InstanceObservation& one) { return one.gpu_instance_id == *gpu_instance; });
  }
  if (path.empty() || !found) return found;
  found->replica = number_after("vgpu", path);
  return found->replica ? found : std::nullopt;
}

// Domain, bus, device and function, however many digits the domain is written with.
std::optional<std::array<std::uint32_t, 4>> pci_address_of(std::string_view text) {
  const auto hex = [](std::string_view digits) -> std::optional<std::uint32_t> {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.empty() || digits.size() > 8 || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const auto domain = hex(take_part(text, ':'));
  const auto bus = hex(take_part(text, ':'));
  const auto slot = hex(take_part(text, '.'));
  const auto function = hex(text);
  if (!domain || !bus || !slot || !function || *bus > 0xff || *slot > 0x1f || *function > 7) return std::nullopt;
  return std::array{*domain, *bus, *slot, *function};
}

Found by_pci_address(const NodeObservation& node, std::string_view text) {
  const auto wanted = pci_address_of(text);
  if (!wanted) return std::nullopt;
  return only_device(node, [&](const DeviceObservation& device) { return pci_address_of(device.pci_address) == wanted; });
}

// What follows "gpu-0-mig-": profile id, start and size, or the profile's name, its id and start.
Found by_dra_slice(const NodeObservation& node, const Found& device, std::string_view text) {
  const std::string_view first = take_part(text, '-');
  const auto second = number_of(take_part(text, '-'));
  const auto third = number_of(text);
  if (!second || !third) return std::nullopt;
  const auto is_it = [&](const InstanceObservation& one) {
    if (one.compute_instance_id != 0 || !one.profile_id || !one.placement) return false;
    if (const auto profile_id = number_of(first); profile_id && first.find_first_not_of("0123456789") == std::string_view::npos)
      return one.profile_id == profile_id && one.placement->start == *second && one.placement->size == *third;
    std::string name = one.profile;
    std::erase(name, '.');
    std::ranges::replace(name, '+', '-');
    return name == first && one.profile_id == *second && one.placement->start == *third;
  };
  return with_slice(node, device, is_it);
}

// "gpu.nvidia.com/<node>/gpu-0", "gpu.nvidia.com/<node>/gpu-0-mig-19-4-1".
Found by_dra_device(const NodeObservation& node, std::string_view path) {
  if (take_part(path, '/') != "gpu.nvidia.com" || take_part(path, '/') != node.node.text) return std::nullopt;
  constexpr std::string_view gpu = "gpu-";
  if (!path.starts_with(gpu)) return std::nullopt;
  path.remove_prefix(gpu.size());
  const auto index = number_of(take_part(path, '-'));
  if (!index) return std::nullopt;
  const Found device = device_at_index(node, *index);
  if (path.empty()) return device;
  return take_part(path, '-') == "mig" ? by_dra_slice(node, device, path) : std::nullopt;
}

Found resolve_whole_id(std::string_view id, const NodeObservation& node) {
  if (id.starts_with("MIG-GPU-")) return by_mig_path(node, id.substr(4));
  if (id.starts_with("MIG-")) return by_mig_uuid(node, id);
  if (id.starts_with("nvidia")) return by_device_file(node, id);
  if (id.find('/') != std::string_view::npos) return by_dra_device(node, id);
  if (const Found found = by_pci_address(node, id)) return found;
  // A board of several GPUs has one serial number: then it names none of them.
  if (const Found found = only_device(node, [&](const DeviceObservation& device) { return device.uuid.text == id; })) return found;
  return only_device(node, [&](const DeviceObservation& device) { return device.serial == id; });
}

}  // namespace

std::optional<ResolvedDevice> resolve_device_id(std::string_view device_id, const NodeObservation& node) {
  constexpr std::string_view mark = "::";
  const std::size_t shared = device_id.rfind(mark);
  const auto replica = shared == std::string_view::npos ? std::nullopt : number_of(device_id.substr(shared + mark.size()));
  if (shared != std::string_view::npos && !replica) return std::nullopt;
  const std::string_view id = device_id.substr(0, shared);
  if (id.empty()) return std::nullopt;
  Found found = resolve_whole_id(id, node);
  if (found && replica) found->replica = replica;
  return found;
}

void place_holders(NodeObservation& node, std::vector<HolderObservation> holders, HolderSource source) {
  node.holders_from = source;
  std::ranges::sort(holders);
  for (HolderObservation& holder : holders) {
    const auto found = resolve_device_id(holder.device_id, node);
    if (found) {
      holder.gpu_instance = found->gpu_instance;
      holder.replica = found->replica;
    }
    (found ? node.devices[found->position].holders : node.unplaced_holders).push_back(std::move(holder));
  }
}

}  // namespace reeve
