#pragma once
// GpuDeviceInfo and MigInstanceInfo, field by field as the old clients read them.

#include <optional>

#include "codec/json_writer.h"
#include "delivery/legacy/device_facts.h"

namespace reeve::legacy {

// Means of the last 24 hours, where somebody has asked the history for them.
struct DayMeans {
  std::optional<double> utilization{};
  std::optional<double> temperature{};
  std::optional<double> power{};
};

void write_device(JsonWriter& json, const Moment& moment, const DeviceView& view, const DayMeans& day = {});

// Whom the old system meant by "current": the whole GPU's holder.
std::string_view health_text(const Moment& moment, const DeviceView& view);

}  // namespace reeve::legacy
