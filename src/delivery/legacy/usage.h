#pragma once
// How much GPUs were used over a span of hours, by device, model, node and hour of the day: the "usage map"
// of the old API.

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json_writer.h"
#include "delivery/legacy/device_facts.h"
#include "delivery/legacy/mean.h"

namespace reeve::legacy {

struct UsageMeans {
  Mean utilization{};
  Mean memory{};
  Mean temperature{};

  void add(const UsageMeans& other) {
    utilization.add(other.utilization);
    memory.add(other.memory);
    temperature.add(other.temperature);
  }
  Mean& of(Metric metric) {
    return metric == Metric::gpu_utilization ? utilization : metric == Metric::gpu_temperature ? temperature : memory;
  }
  bool empty() const { return utilization.count + memory.count + temperature.count == 0; }
};

struct Usage {
  std::map<std::string, UsageMeans> by_device{};  // devices of which something is known
  std::array<UsageMeans, 24> by_hour{};           // hour of the day in the configured zone
};

// Is this a slice's id and not a GPU's? Node names are lower case, so no GPU's id contains "-MIG-".
inline bool is_slice(std::string_view resource) { return resource.find("-MIG-") != std::string_view::npos; }

// From the history, in portions, so that a year of a large fleet does not fill the memory. Waits.
Result<Usage> usage_of_hours(const Moment& moment, int hours);

// From the newest values alone.
Usage usage_now(const Moment& moment);

// Opens the object, writes what all usage maps share and leaves the object open.
void begin_usage(JsonWriter& json, const Moment& moment, const std::string& time_range, const Usage& usage);

}  // namespace reeve::legacy
