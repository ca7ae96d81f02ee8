// Where GPUs stand to each other and to the processors: two sockets, half of the GPUs at each.

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr int cpus_of_socket = 64;
constexpr unsigned int p2p_indices = 5;
constexpr unsigned int p2p_index_nvlink = 2;
constexpr unsigned int p2p_ok = 0, p2p_chipset_not_supported = 1, p2p_not_supported = 5;
constexpr unsigned int bits_of_long = 8 * sizeof(unsigned long);

int socket_of(const Driver& driver, const Gpu& gpu) {
  const int gpus = static_cast<int>(driver.scenario().gpus.size());
  return gpu.spec().index * 2 < gpus || gpus == 1 ? 0 : 1;
}

unsigned int level_between(const Driver& driver, const Gpu& a, const Gpu& b) {
  if (a.spec().index == b.spec().index) return topology_internal;
  return socket_of(driver, a) == socket_of(driver, b) ? topology_node : topology_system;
}

bool is_level(unsigned int level) { return level <= topology_system && level % 10 == 0; }

// The body gets both, found and not lost.
template <class Body>  // Return(Target&, Gpu&)
Return on_pair(std::string_view name, Device first, Device second, bool arguments_there, Body&& body) {
  return on_device(name, first, arguments_there, MigDevice::refused, [&](Target& target) {
    const auto other = resolve(target.driver, second, HandleKind::gpu);
    if (!other || other->is_mig_device()) return Return::invalid_argument;
    if (other->gpu.spec().lost(target.now)) return Return::gpu_is_lost;
    return body(target, other->gpu);
  });
}

void set_bits(unsigned long* words, unsigned int count, int from, int to) {
  std::fill_n(words, count, 0UL);
  for (int bit = from; bit < to; ++bit)
    if (const auto word = static_cast<unsigned int>(bit) / bits_of_long; word < count)
      words[word] |= 1UL << (static_cast<unsigned int>(bit) % bits_of_long);
}

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetTopologyCommonAncestor(Device first, Device second, unsigned int* level) {
  return on_pair("nvmlDeviceGetTopologyCommonAncestor", first, second, level != nullptr, [&](Target& target, const Gpu& other) {
    *level = level_between(target.driver, target.gpu, other);
    return Return::success;
  });
}

// Asked with room for none, it answers how many there are.
REEVE_NVML_EXPORT nvmlDeviceGetTopologyNearestGpus(Device device, unsigned int level, unsigned int* count, Device* devices) {
  const bool fine = count != nullptr && is_level(level) && (*count == 0 || devices != nullptr);
  return on_device("nvmlDeviceGetTopologyNearestGpus", device, fine, MigDevice::refused, [&](Target& target) {
    const bool only_count = *count == 0;
    const unsigned int room = *count;
    *count = 0;
    for (const Gpu& other : target.driver.gpus()) {
      const bool self = other.spec().index == target.gpu.spec().index;
      if (self || level_between(target.driver, target.gpu, other) != level || (!only_count && *count == room)) continue;
      if (!only_count) devices[*count] = static_cast<Device>(target.driver.handle({.kind = HandleKind::gpu, .gpu = other.spec().index}));
      ++*count;
    }
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetP2PStatus(Device first, Device second, unsigned int index, unsigned int* status) {
  const bool fine = status != nullptr && index < p2p_indices;
  return on_pair("nvmlDeviceGetP2PStatus", first, second, fine, [&](Target& target, const Gpu& other) {
    if (other.spec().index == target.gpu.spec().index) return Return::invalid_argument;
    const bool linked = target.board().nvlinks.count > 0 && other.board().nvlinks.count > 0;
    if (target.gpu.mig_current || other.mig_current)
      *status = p2p_not_supported;
    else if (linked)
      *status = p2p_ok;
    else
      *status = index == p2p_index_nvlink ? p2p_not_supported : p2p_chipset_not_supported;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetMemoryAffinity(Device device, unsigned int size, unsigned long* nodes, unsigned int scope) {
  return on_device("nvmlDeviceGetMemoryAffinity", device, nodes != nullptr && size > 0 && scope <= 1, MigDevice::refused,
                   [&](Target& target) {
                     const int socket = socket_of(target.driver, target.gpu);
                     set_bits(nodes, size, socket, socket + 1);
                     return Return::success;
                   });
}

REEVE_NVML_EXPORT nvmlDeviceGetCpuAffinity(Device device, unsigned int size, unsigned long* cpus) {
  return on_device("nvmlDeviceGetCpuAffinity", device, cpus != nullptr && size > 0, MigDevice::refused, [&](Target& target) {
    const int first = socket_of(target.driver, target.gpu) * cpus_of_socket;
    set_bits(cpus, size, first, first + cpus_of_socket);
    return Return::success;
  });
}

}  // namespace reeve::sim
