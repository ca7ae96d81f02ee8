#include "sim/nvml/session.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include "adapters/catalogue_csv/catalogue_csv.h"

namespace reeve::sim {
namespace {

constexpr auto look_again = std::chrono::milliseconds(5);  // how soon a hanging call notices that its time is over
constexpr unsigned int known_flags = 0x7;

struct Library {
  std::mutex mutex{};
  std::shared_ptr<Driver> driver{};
  std::string scenario_text{};  // of `driver`
  int initialised = 0;          // nested calls of nvmlInit
};

Library& library() {
  static Library the_one;  // the C interface knows no object
  return the_one;
}

Result<std::string> scenario_text() {
  const char* path = std::getenv("REEVE_SIM_SCENARIO");
  if (path == nullptr) return Error{Errc::not_found, "REEVE_SIM_SCENARIO is not set"};
  std::ifstream file(path);
  if (!file) return Error{Errc::not_found, std::string("cannot open ") + path};
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Keeps the driver while the scenario stays the same: the MIG layout is the kernel's, not the program's.
Status load(Library& library) {
  Result<std::string> text = scenario_text();
  if (!text) return text.error();
  if (library.driver && library.scenario_text == *text) return Done{};
  const Result<Catalogue> catalogue = load_catalogue();
  if (!catalogue) return catalogue.error();
  const auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  Result<Scenario> scenario = parse_scenario(*text, *catalogue, now);
  if (!scenario) return scenario.error();
  library.driver = std::make_shared<Driver>(*std::move(scenario));
  library.scenario_text = *std::move(text);
  return Done{};
}

// "nvmlDeviceGetMemoryInfo" in a scenario means every version of it.
bool names_call(std::string_view wanted, std::string_view call) {
  return call == wanted || (call.starts_with(wanted) && call.substr(wanted.size()).starts_with("_v"));
}

const Event* active_fault(const std::vector<Event>& events, EventKind kind, std::string_view call, Timestamp now) {
  for (const Event& event : events)
    if (event.kind == kind && event.covers(now) && names_call(event.function, call)) return &event;
  return nullptr;
}

}  // namespace

Return start_library(unsigned int flags) {
  if ((flags & ~known_flags) != 0) return Return::invalid_argument;
  Library& lib = library();
  const std::lock_guard lock(lib.mutex);
  if (lib.initialised == 0) {
    if (const Status loaded = load(lib); !loaded) {
      std::fprintf(stderr, "reeve sim: no driver: %s\n", loaded.error().message.c_str());
      return Return::driver_not_loaded;
    }
  }
  ++lib.initialised;
  return Return::success;
}

Return stop_library() {
  Library& lib = library();
  const std::lock_guard lock(lib.mutex);
  if (lib.initialised == 0) return Return::uninitialized;
  --lib.initialised;
  return Return::success;
}

std::shared_ptr<Driver> current_driver() {
  Library& lib = library();
  const std::lock_guard lock(lib.mutex);
  return lib.initialised > 0 ? lib.driver : nullptr;
}

std::shared_ptr<Driver> any_driver() {
  Library& lib = library();
  const std::lock_guard lock(lib.mutex);
  if (lib.initialised == 0 && !load(lib).ok()) return nullptr;
  return lib.driver;
}

std::optional<Return> meet_faults(const Driver& driver, std::string_view call, std::optional<int> gpu) {
  const auto active = [&](EventKind kind) -> const Event* {
    const Timestamp now = driver.now();
    const Event* found = active_fault(driver.scenario().events, kind, call, now);
    if (found == nullptr && gpu) found = active_fault(driver.scenario().gpus[static_cast<std::size_t>(*gpu)].events, kind, call, now);
    return found;
  };
  while (active(EventKind::hang) != nullptr) std::this_thread::sleep_for(look_again);
  const Event* error = active(EventKind::error);
  return error == nullptr ? std::nullopt : std::optional(static_cast<Return>(error->code));
}

Return copy_text(std::string_view text, char* buffer, unsigned int length) {
  if (length < text.size() + 1) return Return::insufficient_size;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = 0;
  return Return::success;
}

std::optional<Target> resolve(Driver& driver, const void* handle, HandleKind kind) {
  const Handle* found = driver.find(handle);
  if (found == nullptr) return std::nullopt;
  const bool device = found->kind == HandleKind::gpu || found->kind == HandleKind::mig_device;
  if (kind == HandleKind::gpu ? !device : found->kind != kind) return std::nullopt;
  Target target{.driver = driver, .gpu = driver.gpus()[static_cast<std::size_t>(found->gpu)], .now = driver.now()};
  if (found->gpu_instance < 0) return target;
  const auto instance = target.gpu.instances.find(found->gpu_instance);
  if (instance == target.gpu.instances.end()) return std::nullopt;
  target.gpu_instance = &instance->second;
  if (found->compute_instance < 0) return target;
  const auto compute = instance->second.compute.find(found->compute_instance);
  if (compute == instance->second.compute.end()) return std::nullopt;
  target.compute_instance = &compute->second;
  return target;
}

}  // namespace reeve::sim
