#include "delivery/rest/records.h"

#include <algorithm>
#include <set>

#include "delivery/rest/api.h"
#include "domain/holding/join.h"

namespace reeve::rest {
namespace {

const MetricValues* values_of(const DeviceView& view) { return view.reading == nullptr ? nullptr : &view.reading->values; }

std::optional<double> value_of(const MetricValues* values, Metric metric) { return values == nullptr ? std::nullopt : values->get(metric); }

void write_model_names(JsonWriter& json, const Node& node) {
  std::set<std::string> models;
  for (const Device& device : node.devices)
    if (!device.model.empty()) models.insert(device.model.text);
  json.begin_array();
  for (const std::string& model : models) json.value(model);
  json.end_array();
}

void write_processes(JsonWriter& json, const DeviceReading* reading) {
  json.begin_array();
  if (reading != nullptr)
    for (const ProcessObservation& process : reading->processes) {
      json.begin_object().field("pid", process.pid);
      process.name.empty() ? json.field("name", nullptr) : json.field("name", process.name);
      json.field("memory_mib", process.memory).field("gpu_instance_id", process.gpu_instance).end_object();
    }
  json.end_array();
}

void write_sources(JsonWriter& json, const std::vector<HolderSource>& sources) {
  json.begin_array();
  for (const HolderSource source : sources) json.value(to_text(source));
  json.end_array();
}

void write_placement(JsonWriter& json, const std::optional<mig::Placement>& placement) {
  if (!placement) {
    json.value(nullptr);
    return;
  }
  json.begin_object().field("start", placement->start).field("size", placement->size).end_object();
}

// As placement sees it: nobody asked yet, as after a start, is not silence.
bool is_silent(const Scene& scene, const DeviceView& view) {
  if (view.device->source == ObservationSource::registered) return false;
  const NodeReadings& readings = *view.node_readings;
  return readings.at ? scene.now - *readings.at > scene.stale_after : !readings.last_error.empty();
}

bool is_seen(const Scene& scene, const std::string& resource) { return !holding::holdings_of(*scene.report, resource).empty(); }

void write_holders(JsonWriter& json, const Scene& scene, const std::string& resource) {
  json.begin_array();
  for (const holding::Holding& one : holding::holdings_of(*scene.report, resource)) {
    ItemWriter item(json);
    item.field("namespace", one.namespace_name).field("pod", one.pod).text("container", one.container).field("replica", one.replica);
    item.begin("sources");
    write_sources(json, one.sources);
    item.field("allocation", one.allocation).field("since", one.since);
    item.end();
  }
  json.end_array();
}

// Who sees its pod there, the most reliable first. Its device may be shared: one source may see it in several containers.
std::vector<HolderSource> sources_of(const holding::Report& report, const Allocation& allocation) {
  std::vector<HolderSource> sources;
  if (allocation.status != AllocationStatus::allocated) return sources;
  for (const holding::Holding& one : holding::holdings_of(report, allocation.resource))
    if (one.allocation == allocation.id) sources.insert(sources.end(), one.sources.begin(), one.sources.end());
  std::ranges::sort(sources);
  const auto repeated = std::ranges::unique(sources);
  sources.erase(repeated.begin(), repeated.end());
  return sources;
}

std::optional<AllocationId> id_of(const Allocation* holder) { return holder == nullptr ? std::nullopt : std::optional(holder->id); }

}  // namespace

Scene scene_of(const Api& api) { return scene_of(api, api.keeper.snapshot()); }

Scene scene_of(const Api& api, std::shared_ptr<const Fleet> fleet) {
  return {std::move(fleet), &api.catalogue, api.clock.now(), api.stale_after, api.holdings.report()};
}

bool is_stale(const Scene& scene, const Node& node, const NodeReadings& readings) {
  if (node.address.empty() && readings.source == ObservationSource::registered) return false;  // nobody is asked for values
  return !readings.at || scene.now - *readings.at > scene.stale_after;
}

bool is_free(const Scene& scene, const DeviceView& view) {
  if (!scene.fleet->is_free(*view.device) || is_silent(scene, view) || is_seen(scene, view.device->id.text)) return false;
  return std::ranges::none_of(view.device->instances, [&](const Instance& part) { return is_seen(scene, part.id.text); });
}

bool is_free(const Scene& scene, const DeviceView& of, const Instance& part) {
  return scene.fleet->is_free(*of.device, part) && !is_silent(scene, of) && !is_seen(scene, part.id.text) &&
         !is_seen(scene, of.device->id.text);
}

std::optional<double> usd(std::optional<MicroUsd> amount) {
  if (!amount) return std::nullopt;
  return static_cast<double>(amount->count()) / 1e6;
}

ResourcePlace place_of(const std::string& resource) {
  const auto slice = resource.rfind("-MIG-");
  const std::string device = resource.substr(0, slice);
  const auto gpu = device.rfind("-GPU-");
  return {device, gpu == std::string::npos ? "" : device.substr(0, gpu)};
}

void write_values(JsonWriter& json, const MetricValues* values) {
  json.begin_object();
  if (values != nullptr)
    for (const MetricInfo& metric : device_metrics())
      if (const auto value = values->get(metric.metric)) json.field(metric.name, *value);
  json.end_object();
}

void Totals::add(const Scene& scene, const DeviceView& view, bool stale) {
  const Fleet& fleet = *scene.fleet;
  const Device& device = *view.device;
  ++devices;
  if (is_free(scene, view)) ++devices_free;
  if (device.lost || device.state == DeviceState::failed) ++devices_failed;
  bool held = fleet.holder(device.id) != nullptr;
  for (const Instance& part : device.instances) {
    ++instances;
    if (is_free(scene, view, part)) ++instances_free;
    if (fleet.holder(part.id) == nullptr) continue;
    ++instances_allocated;
    held = true;
  }
  if (held) ++devices_allocated;
  if (device.memory) memory_total += device.memory->count(), ++with_memory_total;
  if (stale) return;
  const MetricValues* values = values_of(view);
  if (const auto value = value_of(values, Metric::gpu_utilization)) utilization += *value, ++with_utilization;
  if (const auto value = value_of(values, Metric::memory_used)) memory_used += *value, ++with_memory_used;
  if (const auto value = value_of(values, Metric::power_usage)) power += *value, ++with_power;
}

std::optional<double> Totals::utilization_percent() const {
  return with_utilization == 0 ? std::nullopt : std::optional(utilization / static_cast<double>(with_utilization));
}
std::optional<double> Totals::memory_used_mib() const { return with_memory_used == 0 ? std::nullopt : std::optional(memory_used); }
std::optional<std::int64_t> Totals::memory_total_mib() const { return with_memory_total == 0 ? std::nullopt : std::optional(memory_total); }
std::optional<double> Totals::power_watts() const { return with_power == 0 ? std::nullopt : std::optional(power); }

void write_node(JsonWriter& json, const Scene& scene, const NodeView& view, const FieldSet& fields, bool with_devices) {
  const Node& node = *view.node;
  const bool stale = is_stale(scene, node, *view.readings);
  Totals totals;
  for (const Device& device : node.devices) totals.add(scene, {&node, view.readings.get(), &device, view.readings->find(device.id)}, stale);
  ItemWriter item(json, fields);
  item.field("name", node.name).text("cluster", node.cluster).text("address", node.address).field("state", node.state);
  item.field("source", view.readings->source).field("observed_at", view.readings->at).field("stale", stale);
  item.text("last_error", view.readings->last_error).text("driver_version", node.driver_version).text("cuda_version", node.cuda_version);
  item.field("device_count", totals.devices).field("devices_free", totals.devices_free);
  item.field("instance_count", totals.instances).field("instances_free", totals.instances_free);
  if (item.begin("models")) write_model_names(json, node);
  item.field("utilization_percent", totals.utilization_percent()).field("memory_used_mib", totals.memory_used_mib());
  item.field("memory_total_mib", totals.memory_total_mib()).field("power_watts", totals.power_watts());
  if (with_devices && item.begin("devices")) {
    json.begin_array();
    for (const Device& device : node.devices)
      write_device(json, scene, {&node, view.readings.get(), &device, view.readings->find(device.id)});
    json.end_array();
  }
  item.end();
}

void write_device(JsonWriter& json, const Scene& scene, const DeviceView& view, const FieldSet& fields) {
  const Device& device = *view.device;
  const Fleet& fleet = *scene.fleet;
  const GpuModel* model = scene.catalogue->find(device.model);
  const mig::Geometry* geometry = scene.catalogue->geometry(device.model);
  ItemWriter item(json, fields);
  item.field("id", device.id).field("node", device.node).field("index", device.index).text("uuid", device.uuid.text);
  item.text("model", device.model.text).text("model_name", model == nullptr ? "" : model->name).text("product_name", device.product_name);
  item.field("vendor", model == nullptr ? std::nullopt : std::optional(model->vendor));
  item.text("architecture", model == nullptr ? "" : model->architecture).field("state", device.state);
  item.field("mig_enabled", device.mig_enabled).field("lost", device.lost);
  item.field("stale", is_stale(scene, *view.node, *view.node_readings)).field("free", is_free(scene, view));
  item.field("source", device.source).text("serial", device.serial).text("pci_address", device.pci_address);
  item.text("driver_version", device.driver_version.empty() ? view.node->driver_version : device.driver_version);
  item.text("firmware_version", device.firmware_version).text("vbios_version", device.vbios_version).field("memory_mib", device.memory);
  item.field("observed_at", view.node_readings->at).field("allocation", id_of(fleet.holder(device.id)));
  if (item.begin("holders")) write_holders(json, scene, device.id.text);
  if (item.begin("values")) write_values(json, values_of(view));
  if (item.begin("instances")) {
    json.begin_array();
    for (const Instance& instance : device.instances)
      if (const auto found = fleet.find_instance(instance.id)) write_instance(json, scene, *found);
    json.end_array();
  }
  if (item.begin("processes")) write_processes(json, view.reading);
  item.field("memory_slots", geometry == nullptr ? std::nullopt : std::optional(geometry->slots())).field("first_seen", device.first_seen);
  item.field("last_maintenance", device.last_maintenance).field("warranty_expiry", device.warranty_expiry);
  item.field("purchase_cost_usd", usd(device.purchase_cost));
  item.end();
}

void write_instance(JsonWriter& json, const Scene& scene, const InstanceView& view, const FieldSet& fields) {
  const Instance& instance = *view.instance;
  ItemWriter item(json, fields);
  item.field("id", instance.id).field("device", view.of.device->id).field("node", view.of.device->node);
  item.field("gpu_instance_id", instance.gpu_instance_id).field("compute_instance_id", instance.compute_instance_id);
  item.text("uuid", instance.uuid.text).text("profile", instance.profile).field("profile_id", instance.profile_id);
  if (item.begin("placement")) write_placement(json, instance.placement);
  item.field("memory_mib", instance.memory).field("free", is_free(scene, view.of, instance));
  item.field("allocation", id_of(scene.fleet->holder(instance.id)));
  if (item.begin("holders")) write_holders(json, scene, instance.id.text);
  if (item.begin("values")) write_values(json, view.reading == nullptr ? nullptr : &view.reading->values);
  item.end();
}

void write_allocation(JsonWriter& json, const holding::Report& report, const Allocation& allocation, const FieldSet& fields) {
  const ResourcePlace place = place_of(allocation.resource);
  ItemWriter item(json, fields);
  item.field("id", allocation.id).field("namespace", allocation.namespace_name).field("pod", allocation.pod_name);
  item.text("container", allocation.container_name).text("workload_type", allocation.workload_type);
  item.field("resource_type", allocation.resource_type).field("resource", allocation.resource);
  item.text("device", place.device).text("node", place.node).field("requested_memory_gb", allocation.requested_memory_gb);
  item.field("allocated_memory_gb", allocation.allocated_memory_gb).text("priority", allocation.priority_class);
  item.field("allocated_at", allocation.allocated_at).field("planned_release_at", allocation.planned_release);
  item.field("released_at", allocation.released_at).field("status", allocation.status);
  item.field("cost_per_hour_usd", usd(allocation.cost_per_hour)).field("total_cost_usd", usd(allocation.total_cost));
  item.text("user", allocation.user_id).text("team", allocation.team_id).text("project", allocation.project_id);
  item.field("labels", allocation.labels).field("origin", allocation.origin);
  if (item.begin("confirmed_by")) write_sources(json, sources_of(report, allocation));
  item.end();
}

void write_job(JsonWriter& json, const Job& job) {
  json.begin_object()
      .field("id", job.id)
      .field("name", job.name)
      .field("state", job.state)
      .field("done", job.done)
      .field("total", job.total);
  job.unit.empty() ? json.field("unit", nullptr) : json.field("unit", job.unit);
  json.field("started_at", job.started_at).field("finished_at", job.finished_at);
  job.detail.empty() ? json.field("detail", nullptr) : json.field("detail", job.detail);
  json.end_object();
}

}  // namespace reeve::rest
