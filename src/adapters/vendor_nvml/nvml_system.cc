#include "adapters/vendor_nvml/nvml_system.h"

#include <fmt/format.h>

namespace reeve::nvml {

SystemFacts NvmlSystem::known() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->facts;
}

SystemFacts NvmlSystem::refresh(Milliseconds call_deadline, Heartbeat::Clock::time_point until) {
  if (lane_.idle())
    lane_.start([shared = shared_, heartbeat = lane_.heartbeat(), path = path_] {
      SystemFacts facts;
      {
        const std::scoped_lock lock(shared->mutex);
        facts = shared->facts;
      }
      facts = open(path, std::move(facts), *heartbeat);
      const std::scoped_lock lock(shared->mutex);
      shared->facts = std::move(facts);
    });
  const bool answered = lane_.wait(call_deadline, until, stop_);
  SystemFacts facts = known();
  if (!answered && !facts.library)
    facts.error = Error{Errc::unavailable, fmt::format("cannot use {}: it has not answered within {} ms", path_, call_deadline.count())};
  return facts;
}

SystemFacts NvmlSystem::open(const std::string& path, SystemFacts facts, Heartbeat& heartbeat) {
  facts.reload = false;
  if (!facts.library) {
    Result<std::shared_ptr<const Library>> loaded = Library::load(path);
    if (!loaded) {
      facts.error = loaded.error();
      return facts;
    }
    heartbeat.tick();
    const Return code = (*loaded)->calls().nvmlInit_v2();
    if (code != Return::success) {
      facts.error = Error{Errc::unavailable, fmt::format("cannot initialize {}: {}", path, describe(code))};
      return facts;
    }
    facts = SystemFacts{*std::move(loaded)};
    const Calls& calls = facts.library->calls();
    char version[driver_version_size] = {};
    heartbeat.tick();
    if (calls.nvmlSystemGetDriverVersion && calls.nvmlSystemGetDriverVersion(version, sizeof version - 1) == Return::success)
      facts.driver_version = version;
    int cuda = 0;  // 12080: 12.8
    heartbeat.tick();
    if (calls.nvmlSystemGetCudaDriverVersion_v2 && calls.nvmlSystemGetCudaDriverVersion_v2(&cuda) == Return::success)
      facts.cuda_version = fmt::format("{}.{}", cuda / 1000, cuda % 1000 / 10);
  }
  count(facts, heartbeat);
  return facts;
}

void NvmlSystem::count(SystemFacts& facts, Heartbeat& heartbeat) {
  unsigned int count = 0;
  heartbeat.tick();
  const Return code = facts.library->calls().nvmlDeviceGetCount_v2(&count);
  if (code == Return::success)
    facts.device_count = count;
  else
    facts.reload = wants_reload(code);
}

bool NvmlSystem::unload(Milliseconds call_deadline, Heartbeat::Clock::time_point until) {
  if (!lane_.idle()) return false;
  lane_.start([shared = shared_, heartbeat = lane_.heartbeat()] {
    std::shared_ptr<const Library> library;
    {
      const std::scoped_lock lock(shared->mutex);
      library = std::exchange(shared->facts.library, nullptr);
      shared->facts = SystemFacts{nullptr, Error{Errc::unavailable, "cannot use the NVIDIA driver: it was unloaded"}};
    }
    heartbeat->tick();
    if (library) library->calls().nvmlShutdown();
  });
  return lane_.wait(call_deadline, until);
}

}  // namespace reeve::nvml
