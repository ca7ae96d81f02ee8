#include "wire/exposition/vendor_node.h"

#include <algorithm>
#include <cmath>

namespace reeve::wire {
namespace {

constexpr std::size_t id_max = 95;

const ExpositionLabel* find_label(std::span<const ExpositionLabel> labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &ExpositionLabel::name);
  return found != labels.end() ? &*found : nullptr;
}

std::optional<MiB> memory_of(const MetricValues& values) {
  constexpr double memory_max = 1e9;  // MiB
  const auto total = values.get(Metric::memory_total);
  return total && *total > 0 && *total <= memory_max ? std::optional(MiB(std::llround(*total))) : std::nullopt;
}

}  // namespace

std::string_view word_of(std::span<const ExpositionLabel> labels, std::string_view name) {
  const ExpositionLabel* label = find_label(labels, name);
  if (label == nullptr || !is_word(label->raw_value, id_max)) return {};
  return label->raw_value == "N/A" || label->raw_value == "unknown" ? std::string_view{} : label->raw_value;
}

std::string text_of(std::span<const ExpositionLabel> labels, std::string_view name) {
  const ExpositionLabel* label = find_label(labels, name);
  if (label == nullptr) return {};
  std::string text = unescaped(*label);
  if (text.size() > id_max) text.resize(id_max);
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text == "N/A" ? std::string() : text;
}

VendorNode::VendorNode(const ExpositionOrigin& origin) {
  exposed_.observation.node = origin.node;
  exposed_.observation.source = origin.source;
  exposed_.observation.at = origin.at;
}

std::optional<std::size_t> VendorNode::device(std::string_view key, std::string_view uuid) {
  const auto found = std::ranges::find(keys_, key);
  if (found != keys_.end()) return static_cast<std::size_t>(found - keys_.begin());
  std::vector<DeviceObservation>& devices = exposed_.observation.devices;
  const bool is_known = std::ranges::find(devices, uuid, [](const DeviceObservation& one) { return one.uuid.text; }) != devices.end();
  if (keys_.size() == exposed_devices_max || is_known || !is_word(uuid, 2 * id_max)) return std::nullopt;
  devices.emplace_back().uuid.text = uuid;
  keys_.emplace_back(key);
  ranks_.emplace_back().fill(-1);
  return keys_.size() - 1;
}

InstanceObservation* VendorNode::slice(std::size_t position, int id) {
  std::vector<InstanceObservation>& slices = at(position).instances;
  const auto found = std::ranges::find(slices, id, &InstanceObservation::gpu_instance_id);
  if (found != slices.end()) return &*found;
  if (slices.size() == exposed_instances_max) return nullptr;
  slices.emplace_back().gpu_instance_id = id;
  return &slices.back();
}

std::optional<double> VendorNode::value_of(const VendorRow& row, double value) {
  if (!std::isfinite(value) || value < 0 || (row.zero_is_absent && value == 0)) return std::nullopt;
  const double scaled = value * row.scale;
  return info(row.metric).form == MetricForm::integer ? std::round(scaled) : scaled;
}

void VendorNode::set(std::size_t position, const VendorRow& row, double value) {
  const auto known = value_of(row, value);
  int& rank = ranks_[position][static_cast<std::size_t>(row.metric)];
  if (!known || row.rank <= rank) return;
  rank = row.rank;
  at(position).values.set(row.metric, *known);
}

void VendorNode::set(InstanceObservation& slice, const VendorRow& row, double value) { slice.values.set(row.metric, value_of(row, value)); }

ExposedNode VendorNode::finish(std::size_t broken_lines) && {
  NodeObservation& seen = exposed_.observation;
  std::move(holders_).finish(seen, false);
  for (DeviceObservation& device : seen.devices) {
    device.memory = memory_of(device.values);
    for (InstanceObservation& part : device.instances) part.memory = memory_of(part.values);
    std::ranges::sort(device.instances, {}, &InstanceObservation::gpu_instance_id);
  }
  std::ranges::stable_sort(seen.devices, {}, &DeviceObservation::index);
  exposed_.broken_lines = broken_lines;
  return std::move(exposed_);
}

}  // namespace reeve::wire
