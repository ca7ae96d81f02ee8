// Memory of GPUs and of MIG devices.

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned long long mib = 1ULL << 20;
constexpr unsigned int memory_v2_tag = MemoryV2{}.version;

struct Amounts {  // MiB
  MiB total{}, reserved{}, used{};
};

Amounts amounts(const Target& target) {
  const Board& board = target.board();
  if (!target.is_mig_device()) return {board.memory_total, board.memory_reserved, target.gpu.used_memory(target.now)};
  const GpuInstanceState& instance = *target.gpu_instance;
  const MiB total = board.instance_memory(target.gpu.profile_of(instance));
  return {total, MiB(0), memory_used(instance.processes, *instance.load, total, target.now)};
}

unsigned long long bytes(MiB amount) { return static_cast<unsigned long long>(amount.count()) * mib; }

}  // namespace

// `used` of the first version holds the reserved part too.
REEVE_NVML_EXPORT nvmlDeviceGetMemoryInfo(Device device, Memory* memory) {
  return on_device("nvmlDeviceGetMemoryInfo", device, memory != nullptr, MigDevice::answered, [&](Target& target) {
    const Amounts now = amounts(target);
    *memory = {bytes(now.total), bytes(now.total - now.reserved - now.used), bytes(now.used + now.reserved)};
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetMemoryInfo_v2(Device device, MemoryV2* memory) {
  return on_device("nvmlDeviceGetMemoryInfo_v2", device, memory != nullptr, MigDevice::answered, [&](Target& target) {
    if (memory->version != memory_v2_tag) return Return::argument_version_mismatch;
    const Amounts now = amounts(target);
    memory->total = bytes(now.total);
    memory->reserved = bytes(now.reserved);
    memory->used = bytes(now.used);
    memory->free = bytes(now.total - now.reserved - now.used);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetBAR1MemoryInfo(Device device, Bar1Memory* memory) {
  return on_device("nvmlDeviceGetBAR1MemoryInfo", device, memory != nullptr, MigDevice::answered, [&](Target& target) {
    unsigned long long total = bytes(target.board().bar1_total);
    if (target.is_mig_device())
      total =
          total * static_cast<unsigned int>(target.gpu_instance->placement.size) / static_cast<unsigned int>(target.gpu.geometry().slots());
    const unsigned long long used = target.is_mig_device() ? 0 : mib;
    *memory = {total, total - used, used};
    return Return::success;
  });
}

}  // namespace reeve::sim
