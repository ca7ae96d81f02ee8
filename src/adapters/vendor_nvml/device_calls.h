#pragma once
// One device's way into the library: counts the heartbeat, remembers what this device refuses for good, and
// stops asking in a round in which the GPU was lost or the library became useless. One thread, a lane's.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/vendor_nvml/lane.h"
#include "adapters/vendor_nvml/nvml_library.h"

namespace reeve::nvml {

class DeviceCalls final {
 public:
  DeviceCalls(std::shared_ptr<const Library> library, std::shared_ptr<Heartbeat> heartbeat)
      : library_(std::move(library)), heartbeat_(std::move(heartbeat)) {}

  const Calls& calls() const { return library_->calls(); }

  void begin_round() { lost_ = reload_ = false; }
  bool lost() const { return lost_; }      // this round: GPU_IS_LOST
  bool reload() const { return reload_; }  // this round: a code that concerns the whole library

  // Refusals may have ended: MIG mode or instances changed, or another GPU took the index.
  void forget_refusals() { refused_.clear(); }

  // While it lives, calls concern MIG devices: what those refuse, the whole GPU may still answer.
  class OfMigDevice {
   public:
    explicit OfMigDevice(DeviceCalls& calls) : calls_(calls) { calls_.of_mig_device_ = true; }
    ~OfMigDevice() { calls_.of_mig_device_ = false; }
    OfMigDevice(const OfMigDevice&) = delete;
    OfMigDevice& operator=(const OfMigDevice&) = delete;

   private:
    DeviceCalls& calls_;
  };

  // Makes the call. `variant` tells apart what may be refused one by one, such as two sensors of one call.
  template <class... Parameters, class... Arguments>
  Return ask_variant(unsigned int variant, Return (*call)(Parameters...), Arguments... arguments) {
    if (!call) return Return::function_not_found;
    if (lost_) return Return::gpu_is_lost;
    if (reload_) return Return::uninitialized;
    const Key key{reinterpret_cast<void*>(call), variant | (of_mig_device_ ? mig_bit : 0)};
    if (std::find(refused_.begin(), refused_.end(), key) != refused_.end()) return Return::not_supported;
    heartbeat_->tick();
    const Return code = call(arguments...);
    lost_ = code == Return::gpu_is_lost;
    reload_ = wants_reload(code);
    if (is_lasting_refusal(code)) refused_.push_back(key);
    return code;
  }

  template <class... Parameters, class... Arguments>
  Return ask(Return (*call)(Parameters...), Arguments... arguments) {
    return ask_variant(0, call, arguments...);
  }

  template <class... Parameters, class... Arguments>
  bool get(Return (*call)(Parameters...), Arguments... arguments) {
    return ask_variant(0, call, arguments...) == Return::success;
  }

  // Text answered by calls of the form (device, buffer, length); empty when there is none.
  std::string text(Return (*call)(Device, char*, unsigned int), Device device) {
    char buffer[name_v2_size] = {};
    if (ask(call, device, static_cast<char*>(buffer), static_cast<unsigned int>(sizeof buffer - 1)) != Return::success) return {};
    return buffer;
  }

 private:
  using Key = std::pair<void*, unsigned int>;
  static constexpr unsigned int mig_bit = 1U << 31;  // no variant is that large

  std::shared_ptr<const Library> library_;
  std::shared_ptr<Heartbeat> heartbeat_;
  std::vector<Key> refused_{};
  bool of_mig_device_ = false;
  bool lost_ = false;
  bool reload_ = false;
};

}  // namespace reeve::nvml
