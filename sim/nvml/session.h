#pragma once
// The frame of every exported call: initialised? the handle ours? arguments there? does the scenario make the
// call hang or fail? is the GPU lost? Only then its body runs, under the driver's lock.

#include <memory>
#include <mutex>
#include <string_view>

#include "sim/nvml/driver.h"

// The only symbols that leave the library.
#define REEVE_NVML_EXPORT extern "C" __attribute__((visibility("default"))) reeve::nvml::Return

namespace reeve::sim {

using nvml::Return;

Return start_library(unsigned int flags);
Return stop_library();

// The driver, from the first initialisation to the last shutdown; else null.
std::shared_ptr<Driver> current_driver();
// Its versions are told before initialisation too. Null: no usable scenario.
std::shared_ptr<Driver> any_driver();

// What the scenario does to a call: waits out a hang, then the code that the call must return, if any.
std::optional<Return> meet_faults(const Driver& driver, std::string_view call, std::optional<int> gpu);

// Text into the caller's buffer with its ending 0, or insufficient_size and nothing.
Return copy_text(std::string_view text, char* buffer, unsigned int length);

struct Target {
  Driver& driver;
  Gpu& gpu;
  Timestamp now{};
  GpuInstanceState* gpu_instance = nullptr;  // of a MIG device, GPU instance or compute instance
  ComputeInstanceState* compute_instance = nullptr;

  bool is_mig_device() const { return compute_instance != nullptr; }
  const Board& board() const { return gpu.board(); }
};

enum class MigDevice { refused, answered };

// Finds what the handle means; nothing when it is foreign, of another kind, or its instance is gone.
std::optional<Target> resolve(Driver& driver, const void* handle, HandleKind kind);

template <class Body>  // Return(Driver&)
Return call(std::string_view name, bool arguments_there, Body&& body) {
  const std::shared_ptr<Driver> driver = current_driver();
  if (!driver) return Return::uninitialized;
  if (!arguments_there) return Return::invalid_argument;
  if (const auto fault = meet_faults(*driver, name, std::nullopt)) return *fault;
  const std::lock_guard lock(driver->mutex());
  return body(*driver);
}

template <class Body>  // Return(Target&)
Return on_handle(std::string_view name, const void* handle, HandleKind kind, bool arguments_there, MigDevice mig, Body&& body) {
  const std::shared_ptr<Driver> driver = current_driver();
  if (!driver) return Return::uninitialized;
  std::unique_lock lock(driver->mutex());
  const std::optional<Target> named = resolve(*driver, handle, kind);
  if (!named || !arguments_there) return Return::invalid_argument;
  const int gpu = named->gpu.spec().index;
  lock.unlock();
  if (const auto fault = meet_faults(*driver, name, gpu)) return *fault;
  lock.lock();
  std::optional<Target> target = resolve(*driver, handle, kind);  // it may be gone after a hang
  if (!target) return Return::invalid_argument;
  if (target->gpu.spec().lost(target->now)) return Return::gpu_is_lost;
  if (mig == MigDevice::refused && kind == HandleKind::gpu && target->is_mig_device()) return Return::not_supported;
  return body(*target);
}

template <class Body>
Return on_device(std::string_view name, nvml::Device device, bool arguments_there, MigDevice mig, Body&& body) {
  return on_handle(name, device, HandleKind::gpu, arguments_there, mig, body);
}

template <class Body>
Return on_gpu_instance(std::string_view name, nvml::GpuInstance instance, bool arguments_there, Body&& body) {
  return on_handle(name, instance, HandleKind::gpu_instance, arguments_there, MigDevice::answered, body);
}

template <class Body>
Return on_compute_instance(std::string_view name, nvml::ComputeInstance instance, bool arguments_there, Body&& body) {
  return on_handle(name, instance, HandleKind::compute_instance, arguments_there, MigDevice::answered, body);
}

}  // namespace reeve::sim
