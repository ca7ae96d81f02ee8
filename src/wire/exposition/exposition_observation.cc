#include "wire/exposition/exposition_observation.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/parse.h"
#include "codec/exposition.h"
#include "wire/exposition/exposed_rows.h"
#include "wire/exposition/holder_rows.h"
#include "wire/exposition/vendor_node.h"

namespace reeve::wire {
namespace {

constexpr std::size_t node_name_max = 253;  // a DNS name
constexpr std::size_t uuid_max = 95;        // NVML's buffer less its zero

std::optional<Timestamp> time_of(double unix_seconds) {
  constexpr double seconds_max = 1e11;  // the year 5138
  if (!(unix_seconds >= 0 && unix_seconds <= seconds_max)) return std::nullopt;
  return Timestamp(Milliseconds(std::llround(unix_seconds * 1000)));
}

// Collects the rows of one text. Rows of a metric come device by device, in the same order for each metric:
// the device of a row is nearly always the one after that of the row before.
class NodeRows {
 public:
  explicit NodeRows(const ExpositionOrigin& origin) {
    exposed_.observation.node = origin.node;
    exposed_.observation.source = origin.source;
    exposed_.observation.at = origin.at;
  }

  void add(const ExpositionSample& sample) {
    if (sample.name != name_) {
      name_ = sample.name;
      metric_ = metric_of_row(name_);
    }
    if (metric_)
      add_value(*metric_, sample);
    else if (name_ == "reeve_process_memory_mib")
      add_process(sample);
    else if (name_ == "reeve_device_event_timestamp_seconds")
      add_event(sample);
    else if (name_ == "reeve_agent_inventory_info")
      add_inventory_version(sample);
    else if (name_ == "reeve_agent_driver_up")
      exposed_.driver_up = sample.value != 0;
    else if (name_ == "reeve_agent_observation_timestamp_seconds")
      exposed_.looked_at = time_of(sample.value);
    else if (name_ == "reeve_pod_device_info")
      add_holder(sample);
    else if (name_ == "reeve_pod_resources_up")
      holders_.set_kubelet_answered(sample.value == 1);
  }

  ExposedNode finish(std::size_t broken_lines) &&;

 private:
  void add_value(Metric metric, const ExpositionSample& sample);
  void add_process(const ExpositionSample& sample);
  void add_event(const ExpositionSample& sample);
  void add_inventory_version(const ExpositionSample& sample);
  void add_holder(const ExpositionSample& sample);
  void note_node(const RowLabels& labels);
  // nullptr: the row names no GPU, or one too many.
  DeviceObservation* device_of(const RowLabels& labels);
  DeviceObservation* new_device(const RowLabels& labels, std::string_view uuid);
  InstanceObservation* instance_of(DeviceObservation& device, const RowLabels& labels, int gpu_instance);

  ExposedNode exposed_{};
  std::string_view name_{};
  std::optional<Metric> metric_{};
  std::size_t last_device_ = 0;
  HolderRows holders_{};
  std::vector<MetricValues> repeated_{};  // per device: its own figures as its instances' rows repeat them
};

void NodeRows::note_node(const RowLabels& labels) {
  NodeObservation& node = exposed_.observation;
  if (node.node.empty()) node.node.text = labels.raw(RowLabel::hostname);
  if (node.driver_version.empty()) node.driver_version = labels.text(RowLabel::driver_version);
  if (const auto cuda = labels.number(RowLabel::cuda_version); cuda && node.cuda_version.empty())
    node.cuda_version = fmt::format("{}.{}", *cuda / 1000, *cuda % 1000 / 10);  // 12080 is 12.8
}

DeviceObservation* NodeRows::new_device(const RowLabels& labels, std::string_view uuid) {
  std::vector<DeviceObservation>& devices = exposed_.observation.devices;
  if (devices.size() == exposed_devices_max || !is_word(uuid, uuid_max)) return nullptr;
  note_node(labels);
  DeviceObservation& device = devices.emplace_back();
  repeated_.emplace_back();
  last_device_ = devices.size() - 1;
  device.uuid.text = uuid;
  constexpr std::string_view node_file = "nvidia";
  const std::string_view file = labels.raw(RowLabel::device);
  const auto number = labels.number(RowLabel::gpu);
  const auto file_number = file.starts_with(node_file) ? parse_number<int>(file.substr(node_file.size())) : std::nullopt;
  device.index = number ? *number : file_number && *file_number >= 0 ? *file_number : static_cast<int>(last_device_);
  device.product_name = labels.text(RowLabel::model_name);
  device.pci_address = labels.text(RowLabel::pci_bus_id);
  return &device;
}

DeviceObservation* NodeRows::device_of(const RowLabels& labels) {
  std::vector<DeviceObservation>& devices = exposed_.observation.devices;
  const std::string_view uuid = labels.raw(RowLabel::uuid);
  for (std::size_t tried = 0; tried < devices.size(); ++tried) {
    const std::size_t i = (last_device_ + tried) % devices.size();
    if (devices[i].uuid.text != uuid) continue;
    last_device_ = i;
    return &devices[i];
  }
  return new_device(labels, uuid);
}

InstanceObservation* NodeRows::instance_of(DeviceObservation& device, const RowLabels& labels, int gpu_instance) {
  const int compute_instance = labels.number(RowLabel::compute_instance_id).value_or(0);
  for (InstanceObservation& instance : device.instances)
    if (instance.gpu_instance_id == gpu_instance && instance.compute_instance_id == compute_instance) return &instance;
  if (device.instances.size() == exposed_instances_max) return nullptr;
  InstanceObservation& instance = device.instances.emplace_back();
  instance.gpu_instance_id = gpu_instance;
  instance.compute_instance_id = compute_instance;
  instance.profile = labels.text(RowLabel::instance_profile);
  device.mig_enabled = true;
  return &instance;
}

void NodeRows::add_value(Metric metric, const ExpositionSample& sample) {
  const RowLabels labels(sample.labels);
  DeviceObservation* device = device_of(labels);
  if (device == nullptr) {
    ++exposed_.dropped_rows;
    return;
  }
  holders_.note_labels(last_device_, labels);
  const auto value = value_of_row(info(metric), sample);
  if (!labels.has(RowLabel::instance_id)) {
    device->values.set(metric, value);
    return;
  }
  const auto gpu_instance = labels.number(RowLabel::instance_id);
  InstanceObservation* instance = gpu_instance ? instance_of(*device, labels, *gpu_instance) : nullptr;
  if (instance == nullptr)
    ++exposed_.dropped_rows;
  else if (is_per_instance(metric))
    instance->values.set(metric, value);
  else
    repeated_[last_device_].set(metric, value);
}

void NodeRows::add_process(const ExpositionSample& sample) {
  const RowLabels labels(sample.labels);
  DeviceObservation* device = device_of(labels);
  const auto pid = parse_number<std::uint32_t>(labels.raw(RowLabel::pid));
  if (device == nullptr || !pid || device->processes.size() == exposed_processes_max) {
    ++exposed_.dropped_rows;
    return;
  }
  constexpr double memory_max = 1e9;  // MiB
  ProcessObservation& process = device->processes.emplace_back();
  process.pid = *pid;
  process.name = labels.text(RowLabel::process_name);
  if (sample.value >= 0 && sample.value <= memory_max) process.memory = MiB(std::llround(sample.value));
  process.gpu_instance = labels.number(RowLabel::instance_id);
  process.compute_instance = labels.number(RowLabel::compute_instance_id);
}

void NodeRows::add_event(const ExpositionSample& sample) {
  const RowLabels labels(sample.labels);
  std::vector<DeviceEvent>& events = exposed_.observation.events;
  const auto code = labels.number(RowLabel::xid);
  const auto sequence = parse_number<std::uint64_t>(labels.raw(RowLabel::sequence));
  const auto at = time_of(sample.value);
  if (!code || !sequence || !at || !is_word(labels.raw(RowLabel::uuid), uuid_max) || events.size() == exposed_events_max) {
    ++exposed_.dropped_rows;
    return;
  }
  DeviceEvent& event = events.emplace_back();
  event.at = *at;
  event.device.text = labels.raw(RowLabel::uuid);
  event.gpu_instance = labels.number(RowLabel::instance_id);
  event.code = *code;
  event.sequence = *sequence;
}

void NodeRows::add_inventory_version(const ExpositionSample& sample) {
  const RowLabels labels(sample.labels);
  note_node(labels);
  exposed_.inventory_version = labels.text(RowLabel::version);
}

void NodeRows::add_holder(const ExpositionSample& sample) {
  const RowLabels labels(sample.labels);
  const bool is_placed = !labels.raw(RowLabel::uuid).empty();
  const bool is_known = !is_placed || device_of(labels) != nullptr;
  if (!is_known || !holders_.add_row(is_placed ? std::optional(last_device_) : std::nullopt, labels)) ++exposed_.dropped_rows;
}

// Total from its parts, where the exporter leaves it out.
void complete_memory(MetricValues& values, std::optional<MiB>& memory) {
  const auto total = values.get(Metric::memory_total);
  const auto used = values.get(Metric::memory_used);
  const auto free = values.get(Metric::memory_free);
  const auto reserved = values.get(Metric::memory_reserved);
  if (!total && used && free && reserved) values.set(Metric::memory_total, *used + *free + *reserved);
  constexpr double memory_max = 1e9;  // MiB
  const auto known = values.get(Metric::memory_total);
  if (known && *known > 0 && *known <= memory_max) memory = MiB(std::llround(*known));
}

// A GPU that is cut tells what it uses through its slices only.
void sum_used_memory(DeviceObservation& device) {
  if (device.values.has(Metric::memory_used) || device.instances.empty()) return;
  double used = 0;
  for (const InstanceObservation& instance : device.instances) {
    const auto part = instance.values.get(Metric::memory_used);
    if (!part) return;
    used += *part;
  }
  device.values.set(Metric::memory_used, used);
}

ExposedNode NodeRows::finish(std::size_t broken_lines) && {
  NodeObservation& node = exposed_.observation;
  std::move(holders_).finish(node, !exposed_.inventory_version.empty());
  for (std::size_t i = 0; i < node.devices.size(); ++i) {
    DeviceObservation& device = node.devices[i];
    for (const MetricInfo& row : device_metrics())
      if (!device.values.has(row.metric)) device.values.set(row.metric, repeated_[i].get(row.metric));
    complete_memory(device.values, device.memory);
    for (InstanceObservation& instance : device.instances) complete_memory(instance.values, instance.memory);
    std::ranges::sort(device.instances, {},
                      [](const InstanceObservation& one) { return std::pair(one.gpu_instance_id, one.compute_instance_id); });
    sum_used_memory(device);
  }
  std::ranges::stable_sort(node.devices, {}, &DeviceObservation::index);
  std::ranges::stable_sort(node.events, {}, &DeviceEvent::sequence);
  exposed_.broken_lines = broken_lines;
  return std::move(exposed_);
}

}  // namespace

namespace {

ExposedNode read_rows(ExpositionReader& reader, const ExpositionOrigin& origin) {
  NodeRows rows(origin);
  while (const ExpositionSample* sample = reader.next()) rows.add(*sample);
  return std::move(rows).finish(reader.counts().broken);
}

ExposedNode read_vendor_rows(ExpositionReader& reader, const ExpositionOrigin& origin, void (*read)(ExpositionReader&, VendorNode&)) {
  VendorNode rows(origin);
  read(reader, rows);
  return std::move(rows).finish(reader.counts().broken);
}

ExposedNode read_as(ExpositionReader& reader, const ExpositionOrigin& origin) {
  switch (origin.source) {
    case ObservationSource::amd_exporter: return read_vendor_rows(reader, origin, &read_amd_rows);
    case ObservationSource::intel_exporter: return read_vendor_rows(reader, origin, &read_intel_rows);
    case ObservationSource::gaudi_exporter: return read_vendor_rows(reader, origin, &read_gaudi_rows);
    case ObservationSource::reeve_agent:
    case ObservationSource::dcgm_exporter:
    case ObservationSource::registered: break;
  }
  return read_rows(reader, origin);
}

}  // namespace

Result<ExposedNode> observation_from_exposition(std::string_view text, const ExpositionOrigin& origin) {
  ExpositionReader reader(text);
  ExposedNode exposed = read_as(reader, origin);
  const ExpositionCounts& counts = reader.counts();
  if (counts.samples == 0)
    return Error{Errc::invalid_argument,
                 fmt::format("cannot read the exposition: {} bytes without one metric line ({} broken lines)", text.size(), counts.broken)};
  const NodeObservation& node = exposed.observation;
  if (node.devices.empty() && exposed.inventory_version.empty())
    return Error{Errc::not_found, fmt::format("cannot read the exposition: none of its {} metric lines names a GPU", counts.samples)};
  if (!is_word(node.node.text, node_name_max))
    return Error{Errc::invalid_argument, "cannot read the exposition: it has no usable hostname label, and the target names no node"};
  return exposed;
}

NodeObservation with_inventory(const NodeObservation& inventory, NodeObservation measured) {
  NodeObservation merged = inventory;
  merged.node = std::move(measured.node);
  merged.source = measured.source;
  merged.at = measured.at;
  merged.events = std::move(measured.events);
  merged.holders_from = measured.holders_from;
  merged.unplaced_holders = std::move(measured.unplaced_holders);
  for (DeviceObservation& device : merged.devices) {
    device.values = {};
    device.processes.clear();
    device.holders.clear();
    for (InstanceObservation& instance : device.instances) instance.values = {};
    const auto found = std::ranges::find(measured.devices, device.uuid, &DeviceObservation::uuid);
    if (found == measured.devices.end()) continue;
    device.holders = std::move(found->holders);  // a GPU that is lost is still held
    if (device.lost) continue;
    device.values = found->values;
    device.processes = std::move(found->processes);
    for (InstanceObservation& instance : device.instances) {
      const auto is_same = [&](const InstanceObservation& other) {
        return other.gpu_instance_id == instance.gpu_instance_id && other.compute_instance_id == instance.compute_instance_id;
      };
      const auto part = std::ranges::find_if(found->instances, is_same);
      if (part != found->instances.end()) instance.values = part->values;
    }
  }
  return merged;
}

}  // namespace reeve::wire
