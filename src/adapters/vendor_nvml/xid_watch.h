#pragma once
// Xid events of the GPUs as they happen, from the driver's event sets, each once and with its time.
//
// Only what happens after a GPU was registered is heard of. Public methods: any thread.

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/vendor_nvml/lane.h"
#include "adapters/vendor_nvml/nvml_library.h"
#include "domain/inventory/observation.h"
#include "ports/clock.h"

namespace reeve::nvml {

// What was heard, kept over reloads of the library, so that sequence numbers go on.
class EventLog final {
 public:
  void add(DeviceEvent event);  // gives it its sequence number
  std::vector<DeviceEvent> take();
  void watching(const GpuUuid& uuid);                      // from now on "no Xid" is known to be so
  std::optional<int> last_xid(const GpuUuid& uuid) const;  // 0: none yet; absent: never watched

 private:
  static constexpr std::size_t pending_max = 4096;  // a GPU in an Xid storm must not fill the memory

  mutable std::mutex mutex_{};
  std::deque<DeviceEvent> pending_{};
  std::uint64_t last_sequence_ = 0;
  std::unordered_map<GpuUuid, int> last_xids_{};
};

struct WatchedGpu {
  Device handle = nullptr;
  GpuUuid uuid{};

  friend bool operator==(const WatchedGpu&, const WatchedGpu&) = default;
};

class XidWatch final {
 public:
  // `clock` must live until the watch is destroyed.
  XidWatch(std::shared_ptr<const Library> library, std::shared_ptr<EventLog> log, const Clock& clock);
  ~XidWatch();

  // The GPUs to hear of from now on. Cheap when they are the same as before.
  void follow(std::vector<WatchedGpu> gpus);

  // False while its thread hangs inside the library. The watch hears of nothing any more.
  bool stop(Heartbeat::Clock::time_point until);

 private:
  struct State;
  class Listener;

  std::shared_ptr<State> state_;
  Lane lane_{};
};

}  // namespace reeve::nvml
