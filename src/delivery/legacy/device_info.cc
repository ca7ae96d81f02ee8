#include "delivery/legacy/device_info.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/money.h"
#include "domain/health/device_health.h"

namespace reeve::legacy {
namespace {

void time_field(JsonWriter& json, std::string_view name, const Moment& moment, std::optional<Timestamp> time) {
  json.key(name);
  if (time)
    json.value(moment.local(*time));
  else
    json.value(nullptr);
}

std::optional<double> memory_share(const MetricValues& values) {
  const auto used = values.get(Metric::memory_used);
  const auto total = values.get(Metric::memory_total);
  if (!used || !total || *total <= 0) return std::nullopt;
  return 100 * *used / *total;
}

const MetricValues* values_of(const Moment& moment, const DeviceView& view, const Instance& part) {
  if (fresh_values(moment, view) == nullptr) return nullptr;
  for (const InstanceReading& reading : view.reading->instances)
    if (reading.id == part.id) return &reading.values;
  return nullptr;
}

void write_size(JsonWriter& json, const Moment& moment, const Device& device, const Instance& part) {
  const mig::Geometry* geometry = moment.api.catalogue.geometry(device.model);
  const mig::GpuInstanceProfile* profile = geometry != nullptr && part.profile_id ? geometry->profile(*part.profile_id) : nullptr;
  json.field("memoryGb", memory_gb(part));
  if (profile == nullptr) {
    json.field("computeSlices", nullptr).field("memorySlices", nullptr).field("performanceRatio", nullptr);
    return;
  }
  const int all_slices = std::ranges::max(geometry->profiles(), {}, &mig::GpuInstanceProfile::gpu_slices).gpu_slices;
  json.field("computeSlices", profile->gpu_slices).field("memorySlices", profile->memory_slices);
  json.field("performanceRatio", std::round(1000.0 * profile->gpu_slices / all_slices) / 10);
}

void write_instance(JsonWriter& json, const Moment& moment, const DeviceView& view, const Instance& part) {
  const Allocation* holder = moment.fleet->holder(part.id);
  const MetricValues* values = values_of(moment, view, part);
  json.begin_object().field("migId", part.id).field("deviceId", view.device->id);
  json.field("profileId", profile_id_of(view.device->model, part.profile)).field("profileName", part.profile);
  json.field("instanceId", part.gpu_instance_id);
  text_field(json, "migUuid", part.uuid.text);
  json.field("allocated", holder != nullptr).field("instanceStatus", is_active(*view.device) ? "ACTIVE" : "INACTIVE");
  json.field("createdDate", moment.local(part.first_seen));
  time_field(json, "allocatedDate", moment, holder != nullptr ? std::optional(holder->allocated_at) : std::nullopt);
  json.field("lastUsedDate", nullptr);
  write_size(json, moment, *view.device, part);
  text_field(json, "currentAllocationId", holder != nullptr ? holder->id.text : "");
  text_field(json, "currentNamespace", holder != nullptr ? holder->namespace_name : "");
  text_field(json, "currentPodName", holder != nullptr ? holder->pod_name : "");
  json.field("currentUtilization", values != nullptr ? values->get(Metric::gpu_utilization) : std::nullopt);
  json.field("memoryUtilization", values != nullptr ? memory_share(*values) : std::nullopt);
  json.field("avgUtilizationLast24h", nullptr).end_object();
}

void write_alerts(JsonWriter& json, const Moment& moment, const DeviceView& view) {
  json.key("activeAlerts").begin_array();
  if (view.device->lost) json.value(fmt::format("{}: lost", to_text(health::Severity::critical)));
  const auto celsius = fresh_value(moment, view, Metric::gpu_temperature);
  if (const auto severity = health::overheating(celsius)) json.value(fmt::format("{}: {} C", to_text(*severity), *celsius));
  json.end_array();
}

void write_identity(JsonWriter& json, const Moment& moment, const DeviceView& view) {
  const Device& device = *view.device;
  json.field("deviceId", device.id).field("nodeName", device.node);
  text_field(json, "modelId", device.model.text);
  json.field("modelName", model_name(moment, device)).field("deviceIndex", device.index);
  text_field(json, "serialNumber", device.serial);
  text_field(json, "pciAddress", device.pci_address);
  text_field(json, "gpuUuid", device.uuid.text);
  json.field("deviceStatus", status_of(device));
  json.field("currentTempC", fresh_value(moment, view, Metric::gpu_temperature));
  json.field("currentPowerW", fresh_value(moment, view, Metric::power_usage));
  json.field("currentUtilization", fresh_value(moment, view, Metric::gpu_utilization));
  // The share of time that memory was read or written, as nvidia-smi's utilization.memory always was.
  json.field("memoryUtilization", fresh_value(moment, view, Metric::memory_copy_utilization));
  text_field(json, "driverVersion", device.driver_version.empty() ? view.node->driver_version : device.driver_version);
  text_field(json, "firmwareVersion", device.firmware_version);
  text_field(json, "vbiosVersion", device.vbios_version);
}

void write_record(JsonWriter& json, const Moment& moment, const Device& device) {
  const GpuModel* model = model_of(moment, device);
  json.field("migSupport", model != nullptr ? std::optional(model->partition == PartitionKind::mig) : std::nullopt);
  json.field("memoryGb", memory_gb(moment, device));
  text_field(json, "architecture", model != nullptr ? model->architecture : "");
  json.field("installationDate", moment.local(device.first_seen));
  time_field(json, "lastMaintenanceDate", moment, device.last_maintenance);
  time_field(json, "warrantyExpiryDate", moment, device.warranty_expiry);
  json.field("purchaseCost", dollars(device.purchase_cost));
}

}  // namespace

std::string_view health_text(const Moment& moment, const DeviceView& view) {
  const GpuModel* model = model_of(moment, *view.device);
  const auto tdp = model != nullptr ? model->tdp_watts : std::nullopt;
  return to_text(health::judge_device(*view.device, fresh_values(moment, view), tdp).overall);
}

void write_device(JsonWriter& json, const Moment& moment, const DeviceView& view, const DayMeans& day) {
  const Device& device = *view.device;
  const Allocation* holder = moment.fleet->holder(device.id);
  json.begin_object();
  write_identity(json, moment, view);
  write_record(json, moment, device);
  json.field("allocated", holder != nullptr);
  text_field(json, "currentAllocationId", holder != nullptr ? holder->id.text : "");
  text_field(json, "currentWorkloadType", holder != nullptr ? holder->workload_type : "");
  std::size_t free_parts = 0;
  json.key("migInstances").begin_array();
  for (const Instance& part : device.instances) {
    write_instance(json, moment, view, part);
    if (moment.fleet->is_free(device, part)) ++free_parts;
  }
  json.end_array();
  json.field("totalMigInstances", device.instances.size()).field("availableMigInstances", free_parts);
  json.field("avgUtilizationLast24h", day.utilization).field("avgTemperatureLast24h", day.temperature);
  json.field("avgPowerDrawLast24h", day.power);
  write_alerts(json, moment, view);
  json.field("healthStatus", health_text(moment, view)).end_object();
}

}  // namespace reeve::legacy
