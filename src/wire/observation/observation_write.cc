#include <cmath>

#include <fmt/format.h>

#include "codec/json_writer.h"
#include "wire/observation/observation_json.h"

namespace reeve::wire {
namespace {

void write_values(JsonWriter& json, const MetricValues& values) {
  constexpr double exact_integer_max = 9007199254740992.0;  // 2^53
  json.key("values").begin_object();
  for (const MetricInfo& row : device_metrics()) {
    const std::optional<double> value = values.get(row.metric);
    if (!value) continue;
    if (std::trunc(*value) == *value && std::abs(*value) <= exact_integer_max)
      json.field(row.name, static_cast<std::int64_t>(*value));  // 1980, not 1980.0
    else
      json.field(row.name, *value);
  }
  json.end_object();
}

void write_instance_identity(JsonWriter& json, const InstanceObservation& instance) {
  json.field("gpu_instance_id", instance.gpu_instance_id).field("compute_instance_id", instance.compute_instance_id);
  json.field_if("uuid", instance.uuid.text).field_if("profile", instance.profile).field_if("profile_id", instance.profile_id);
  if (instance.placement) {
    json.key("placement").begin_object();
    json.field("start", instance.placement->start).field("size", instance.placement->size).end_object();
  }
  json.field_if("memory_mib", instance.memory);
}

void write_device_identity(JsonWriter& json, const DeviceObservation& device) {
  json.field("index", device.index).field("uuid", device.uuid);
  json.field_if("product_name", device.product_name).field_if("pci_address", device.pci_address);
  json.field_if("pci_device_id", device.pci_device_id).field_if("serial", device.serial);
  json.field_if("vbios_version", device.vbios_version).field_if("memory_mib", device.memory);
  json.field_if("mig_enabled", device.mig_enabled).field("lost", device.lost);
}

void write_process(JsonWriter& json, const ProcessObservation& process) {
  json.begin_object().field("pid", process.pid).field_if("name", process.name).field_if("memory_mib", process.memory);
  json.field_if("gpu_instance_id", process.gpu_instance).field_if("compute_instance_id", process.compute_instance).end_object();
}

// Nothing at all when nobody told who holds what: an empty list means that nobody holds it.
void write_holders(JsonWriter& json, std::string_view name, const std::vector<HolderObservation>& holders, bool told) {
  if (!told && holders.empty()) return;
  json.key(name).begin_array();
  for (const HolderObservation& holder : holders) {
    json.begin_object().field("source", holder.source).field("namespace", holder.namespace_name).field("pod", holder.pod);
    json.field_if("container", holder.container).field_if("resource", holder.resource_name).field_if("device_id", holder.device_id);
    json.field_if("gpu_instance_id", holder.gpu_instance).field_if("replica", holder.replica).end_object();
  }
  json.end_array();
}

void write_device(JsonWriter& json, const DeviceObservation& device, bool holders_told) {
  json.begin_object();
  write_device_identity(json, device);
  json.key("instances").begin_array();
  for (const InstanceObservation& instance : device.instances) {
    json.begin_object();
    write_instance_identity(json, instance);
    write_values(json, instance.values);
    json.end_object();
  }
  json.end_array();
  json.key("processes").begin_array();
  for (const ProcessObservation& process : device.processes) write_process(json, process);
  json.end_array();
  write_holders(json, "holders", device.holders, holders_told);
  write_values(json, device.values);
  json.end_object();
}

void write_event(JsonWriter& json, const DeviceEvent& event) {
  json.begin_object().field("at", event.at).field("device", event.device).field_if("gpu_instance_id", event.gpu_instance);
  json.field("code", event.code).field("sequence", event.sequence).end_object();
}

}  // namespace

std::string to_json(const NodeObservation& observation) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("node", observation.node).field("source", observation.source).field("at", observation.at);
  json.field_if("driver_version", observation.driver_version).field_if("cuda_version", observation.cuda_version);
  json.key("devices").begin_array();
  for (const DeviceObservation& device : observation.devices) write_device(json, device, observation.holders_from.has_value());
  json.end_array();
  json.key("events").begin_array();
  for (const DeviceEvent& event : observation.events) write_event(json, event);
  json.end_array().field_if("holders_from", observation.holders_from);
  write_holders(json, "unplaced_holders", observation.unplaced_holders, observation.holders_from.has_value());
  json.end_object();
  return out;
}

std::string inventory_fingerprint(const NodeObservation& observation) {
  std::string text;
  JsonWriter json(text);
  json.begin_array().value(observation.driver_version).value(observation.cuda_version);
  for (const DeviceObservation& device : observation.devices) {
    json.begin_object();
    write_device_identity(json, device);
    json.key("instances").begin_array();
    for (const InstanceObservation& instance : device.instances) {
      json.begin_object();
      write_instance_identity(json, instance);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();

  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a, 64 bits: spread, not secrecy
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return fmt::format("{:016x}", hash);
}

}  // namespace reeve::wire
