// Event sets. A set hears of what happens after registration only.

#include <algorithm>
#include <thread>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr int xid_fallen_off_the_bus = 79;
constexpr unsigned long long all_types = 0xFF9F;
// How soon an event is noticed while somebody waits. Every agent waits all the time, and a demo has dozens of them.
constexpr auto look_again = std::chrono::milliseconds(20);

struct Registration {
  int gpu = 0;
  unsigned long long types = 0;
  Timestamp since{};
  std::size_t looked_at = 0;  // so many of the events since then, delivered or not wanted
  bool loss_told = false;
};

struct Set {
  std::vector<Registration> registrations{};
};

struct Sets {  // outlive the initialisation: they are the caller's
  std::mutex mutex{};
  std::map<const void*, std::unique_ptr<Set>> all{};
};

Sets& sets() {
  static Sets the_one;
  return the_one;
}

Set* known(EventSet handle) {
  const auto found = sets().all.find(handle);
  return found == sets().all.end() ? nullptr : found->second.get();
}

struct Happened {
  Timestamp at{};
  unsigned long long type = 0;
  unsigned long long data = 0;
  std::optional<int> gpu_instance{};
};

unsigned long long supported_types(const Board& board) {
  unsigned long long types = event_performance_state | event_xid_critical | event_clock;
  if (board.can.ecc) types |= event_single_bit_ecc | event_double_bit_ecc;
  if (board.geometry) types |= event_mig_config_change;
  return types;
}

// Everything of the GPU from `since` to now, oldest first.
std::vector<Happened> history(const Driver& driver, int gpu, Timestamp since, Timestamp now) {
  std::vector<Happened> result;
  for (const Event& event : driver.scenario().gpus[static_cast<std::size_t>(gpu)].events) {
    const bool xid = event.kind == EventKind::xid || event.kind == EventKind::lost;
    if (!xid || event.from < since || event.from > now) continue;
    const int code = event.kind == EventKind::lost ? xid_fallen_off_the_bus : event.code;
    result.push_back({event.from, event_xid_critical, static_cast<unsigned long long>(code), event.gpu_instance});
  }
  for (const Driver::MigChange& change : driver.mig_changes)
    if (change.gpu == gpu && change.at >= since && change.at <= now) result.push_back({change.at, event_mig_config_change, 0, {}});
  std::ranges::stable_sort(result, {}, &Happened::at);
  return result;
}

// The next event that the registration has not delivered, if any.
std::optional<Happened> next_of(const Driver& driver, Registration& registration, Timestamp now) {
  const std::vector<Happened> events = history(driver, registration.gpu, registration.since, now);
  while (registration.looked_at < events.size()) {
    const Happened& event = events[registration.looked_at++];
    if ((event.type & registration.types) != 0) return event;
  }
  return std::nullopt;
}

struct Delivery {
  Return code = Return::timeout;
  EventData data{};
};

Delivery look(Driver& driver, Set& set) {
  const Timestamp now = driver.now();
  for (Registration& registration : set.registrations) {
    if (const auto event = next_of(driver, registration, now)) {
      Delivery delivery{.code = Return::success};
      delivery.data.device = static_cast<Device>(driver.handle({.kind = HandleKind::gpu, .gpu = registration.gpu}));
      delivery.data.event_type = event->type;
      delivery.data.event_data = event->data;
      delivery.data.gpu_instance_id = event->gpu_instance ? static_cast<unsigned int>(*event->gpu_instance) : no_instance;
      delivery.data.compute_instance_id = event->gpu_instance ? 0 : no_instance;
      return delivery;
    }
  }
  for (Registration& registration : set.registrations) {
    const bool lost = driver.scenario().gpus[static_cast<std::size_t>(registration.gpu)].lost(now);
    if (lost && !registration.loss_told) return registration.loss_told = true, Delivery{.code = Return::gpu_is_lost};
    if (!lost) registration.loss_told = false;
  }
  return {};
}

Return wait(std::string_view name, EventSet handle, bool arguments_there, unsigned int timeout_ms, EventData* data) {
  const auto driver = current_driver();
  if (!driver) return Return::uninitialized;
  if (!arguments_there) return Return::invalid_argument;
  if (const auto fault = meet_faults(*driver, name, std::nullopt)) return *fault;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    {
      const std::scoped_lock lock(driver->mutex(), sets().mutex);
      Set* set = known(handle);
      if (set == nullptr) return Return::invalid_argument;
      const Delivery delivery = look(*driver, *set);
      *data = delivery.data;
      if (delivery.code != Return::timeout) return delivery.code;
    }
    if (current_driver() == nullptr) return Return::uninitialized;  // shut down under us
    const auto real_now = std::chrono::steady_clock::now();
    if (real_now >= deadline) return Return::timeout;
    std::this_thread::sleep_until(std::min(real_now + look_again, deadline));
  }
}

}  // namespace

REEVE_NVML_EXPORT nvmlEventSetCreate(EventSet* handle) {
  return call("nvmlEventSetCreate", handle != nullptr, [&](Driver&) {
    auto set = std::make_unique<Set>();
    *handle = reinterpret_cast<EventSet>(set.get());
    const std::lock_guard lock(sets().mutex);
    sets().all.emplace(set.get(), std::move(set));
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlEventSetFree(EventSet handle) {
  return call("nvmlEventSetFree", true, [&](Driver&) {
    const std::lock_guard lock(sets().mutex);
    return sets().all.erase(handle) == 1 ? Return::success : Return::invalid_argument;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetSupportedEventTypes(Device device, unsigned long long* types) {
  return on_device("nvmlDeviceGetSupportedEventTypes", device, types != nullptr, MigDevice::refused, [&](Target& target) {
    *types = supported_types(target.board());
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceRegisterEvents(Device device, unsigned long long types, EventSet handle) {
  return on_device("nvmlDeviceRegisterEvents", device, true, MigDevice::refused, [&](Target& target) {
    const std::lock_guard lock(sets().mutex);
    Set* set = known(handle);
    if (set == nullptr) return Return::invalid_argument;
    if ((types & ~all_types) != 0) return Return::invalid_argument;
    if ((types & ~supported_types(target.board())) != 0) return Return::not_supported;
    const auto same = [&](const Registration& other) { return other.gpu == target.gpu.spec().index; };
    const auto known_gpu = std::ranges::find_if(set->registrations, same);
    if (known_gpu != set->registrations.end()) {
      known_gpu->types |= types;
      return Return::success;
    }
    set->registrations.push_back({.gpu = target.gpu.spec().index, .types = types, .since = target.now + Milliseconds(1)});
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlEventSetWait_v2(EventSet handle, EventData* data, unsigned int timeout_ms) {
  return wait("nvmlEventSetWait_v2", handle, data != nullptr, timeout_ms, data);
}

// The first layout ends before the instance ids.
struct EventDataV1 {
  Device device;
  unsigned long long event_type, event_data;
};
static_assert(sizeof(EventDataV1) == 24);

REEVE_NVML_EXPORT nvmlEventSetWait(EventSet handle, EventDataV1* data, unsigned int timeout_ms) {
  EventData full;
  const Return code = wait("nvmlEventSetWait", handle, data != nullptr, timeout_ms, &full);
  if (code == Return::success) *data = {full.device, full.event_type, full.event_data};
  return code;
}

}  // namespace reeve::sim
