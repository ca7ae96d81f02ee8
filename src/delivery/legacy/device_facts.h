#pragma once
// What the old API says of one GPU, taken from the fleet and the catalogue at one moment.

#include <memory>
#include <optional>
#include <string>

#include "delivery/legacy/legacy_api.h"
#include "domain/gpu/model.h"
#include "domain/inventory/fleet.h"

namespace reeve::legacy {

// Everything in one answer is of one moment.
struct Moment {
  explicit Moment(const LegacyApi& from) : api(from), fleet(from.keeper.snapshot()), now(from.clock.now()) {}

  std::string local(Timestamp time) const { return api.options.zone.format(time); }
  std::string local_now() const { return local(now); }

  const LegacyApi& api;
  std::shared_ptr<const Fleet> fleet;
  Timestamp now;
};

// Values older than three rounds are not shown: they no longer tell how things are.
bool is_fresh(const Moment& moment, const NodeReadings& readings);

// Newest values, or null when there are none that are fresh.
const MetricValues* fresh_values(const Moment& moment, const DeviceView& view);
std::optional<double> fresh_value(const Moment& moment, const DeviceView& view, Metric metric);

const GpuModel* model_of(const Moment& moment, const Device& device);

// Catalogue name, else what the driver says, else "Unknown".
std::string model_name(const Moment& moment, const Device& device);

// The size on the brochure, else what the driver reports, rounded to whole GB. Absent: nobody says.
std::optional<std::int64_t> memory_gb(const Moment& moment, const Device& device);
// "3g.40gb" -> 40: the name carries the size by which a slice is sold; the driver's MiB are a little less.
std::optional<std::int64_t> memory_gb(const Instance& part);

// ACTIVE, INACTIVE, MAINTENANCE or FAILED as set; a lost GPU is FAILED, an active one in MIG mode MIG_ENABLED.
std::string_view status_of(const Device& device);

// In service: may be given out, whole or in slices.
inline bool is_active(const Device& device) { return is_usable(device); }

// "Latest", "Current", "Previous", "Legacy" or "Unknown": the old system's rough ages.
std::string_view generation_of(const GpuModel* model);

// The old system's name of a MIG profile: "H100_1G10GB" for 1g.10gb on H100_80GB.
std::string profile_id_of(const ModelId& model, std::string_view profile);

}  // namespace reeve::legacy
