#pragma once
// GPU performance monitoring (Hopper and newer) of one device and its GPU instances: a reading is made from
// two samples at least 100 ms apart, so a sample is kept from one observation to the next.
//
// One thread, a lane's.

#include <map>
#include <optional>
#include <set>

#include "adapters/vendor_nvml/device_calls.h"
#include "domain/metrics/metric_values.h"

namespace reeve::nvml {

class GpmMeter final {
 public:
  explicit GpmMeter(DeviceCalls& calls) : calls_(calls) {}
  ~GpmMeter();  // gives the samples back
  GpmMeter(const GpmMeter&) = delete;
  GpmMeter& operator=(const GpmMeter&) = delete;

  // Adds what was measured since the sample before to `out`; nothing in the first round, the last reading
  // when the sample before is too young.
  void measure_device(Device device, MetricValues& out) { measure(whole_device, device, out); }
  void measure_instance(Device device, int gpu_instance, MetricValues& out) { measure(gpu_instance, device, out); }

  // Drops samples of GPU instances that are gone, and asks again whether the device can do it.
  void keep_only(const std::set<int>& gpu_instances);
  void forget_all();

 private:
  static constexpr int whole_device = -1;
  struct Track {
    GpmSample older = nullptr;
    GpmSample newer = nullptr;
    std::optional<Heartbeat::Clock::time_point> at{};  // of `older`
    MetricValues reading{};
  };

  void measure(int key, Device device, MetricValues& out);
  bool supported(Device device);
  bool take_sample(int key, Device device, GpmSample sample);
  void read(int key, Track& track);
  void release(Track& track);

  DeviceCalls& calls_;
  std::map<int, Track> tracks_{};
  std::optional<bool> supported_{};
};

}  // namespace reeve::nvml
