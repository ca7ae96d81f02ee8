#include "delivery/legacy/device_facts.h"

#include <algorithm>
#include <array>

#include "base/parse.h"
#include "domain/health/thresholds.h"

namespace reeve::legacy {
namespace {

struct ArchitectureAge {
  std::string_view architecture;  // the beginning of the catalogue's text
  std::string_view generation;
};

// As the old system grouped the models that it knew; newer ones are "Latest".
constexpr std::array architecture_ages{
    ArchitectureAge{"Pascal", "Legacy"},       ArchitectureAge{"Maxwell", "Legacy"},  ArchitectureAge{"Kepler", "Legacy"},
    ArchitectureAge{"Volta", "Previous"},      ArchitectureAge{"Turing", "Previous"}, ArchitectureAge{"Ampere", "Current"},
    ArchitectureAge{"Ada Lovelace", "Latest"}, ArchitectureAge{"Hopper", "Latest"},   ArchitectureAge{"Blackwell", "Latest"}};

// Other makers' models go by their year, with the borders that the table above has.
constexpr int latest_from_year = 2022;
constexpr int current_from_year = 2020;
constexpr int previous_from_year = 2017;

struct ProfilePrefix {
  std::string_view model;
  std::string_view prefix;
};
constexpr std::array profile_prefixes{ProfilePrefix{"A100_40GB", "A100_40"}, ProfilePrefix{"A100_80GB", "A100_80"},
                                      ProfilePrefix{"H100_80GB", "H100"}};

std::optional<std::int64_t> whole_gb(std::optional<MiB> memory) {
  if (!memory) return std::nullopt;
  return (memory->count() + gib(1).count() / 2) / gib(1).count();
}

}  // namespace

bool is_fresh(const Moment& moment, const NodeReadings& readings) {
  return readings.at && moment.now - *readings.at <= moment.api.options.collection_interval * health::stale_after_rounds;
}

const MetricValues* fresh_values(const Moment& moment, const DeviceView& view) {
  return view.reading != nullptr && is_fresh(moment, *view.node_readings) ? &view.reading->values : nullptr;
}

std::optional<double> fresh_value(const Moment& moment, const DeviceView& view, Metric metric) {
  const MetricValues* values = fresh_values(moment, view);
  return values != nullptr ? values->get(metric) : std::nullopt;
}

const GpuModel* model_of(const Moment& moment, const Device& device) { return moment.api.catalogue.find(device.model); }

std::string model_name(const Moment& moment, const Device& device) {
  if (const GpuModel* model = model_of(moment, device)) return model->name;
  return device.product_name.empty() ? "Unknown" : device.product_name;
}

std::optional<std::int64_t> memory_gb(const Moment& moment, const Device& device) {
  if (const GpuModel* model = model_of(moment, device)) return model->memory_gb;
  return whole_gb(device.memory);
}

std::optional<std::int64_t> memory_gb(const Instance& part) {
  const std::string_view profile = part.profile;
  const std::string_view size = profile.substr(std::min(profile.find('.'), profile.size() - 1) + 1);
  if (const auto gb = parse_number<std::int64_t>(size.substr(0, size.find("gb")))) return gb;
  return whole_gb(part.memory);
}

std::string_view status_of(const Device& device) {
  if (device.state != DeviceState::active) return to_text(device.state);
  if (device.lost) return to_text(DeviceState::failed);
  return device.mig_enabled ? "MIG_ENABLED" : to_text(DeviceState::active);
}

std::string_view generation_of(const GpuModel* model) {
  if (model == nullptr) return "Unknown";
  for (const ArchitectureAge& age : architecture_ages)
    if (std::string_view(model->architecture).starts_with(age.architecture)) return age.generation;
  if (!model->release_year) return "Unknown";
  if (*model->release_year >= latest_from_year) return "Latest";
  if (*model->release_year >= current_from_year) return "Current";
  return *model->release_year >= previous_from_year ? "Previous" : "Legacy";
}

std::string profile_id_of(const ModelId& model, std::string_view profile) {
  std::string id = model.text;
  for (const ProfilePrefix& known : profile_prefixes)
    if (known.model == model.text) id = known.prefix;
  id += '_';
  for (const char c : profile)
    if (c != '.') id += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return id;
}

}  // namespace reeve::legacy
