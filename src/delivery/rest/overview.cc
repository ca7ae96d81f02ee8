// GET /api/v1/overview: the fleet in one screen. Computed seldom, sent often, shared by all clients.

#include <algorithm>
#include <map>
#include <mutex>

#include "delivery/rest/answer.h"
#include "delivery/rest/cluster_scene.h"
#include "delivery/rest/overview_cache.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

constexpr std::size_t hottest_shown = 5;

struct ModelCount {
  std::string name{};
  const GpuModel* model = nullptr;
  std::size_t devices = 0;
  std::size_t free = 0;
};

struct Hot {
  double celsius = 0;
  const Device* device = nullptr;
};

struct Summary {
  Totals totals{};
  std::size_t nodes_stale = 0;
  std::map<std::string, ModelCount> models{};  // by model id, or by product name when the model is not known
  std::vector<Hot> hottest{};
};

void keep_hottest(std::vector<Hot>& hottest, Hot candidate) {
  const auto at = std::ranges::upper_bound(hottest, candidate.celsius, std::ranges::greater{}, &Hot::celsius);
  if (static_cast<std::size_t>(at - hottest.begin()) >= hottest_shown) return;
  hottest.insert(at, candidate);
  if (hottest.size() > hottest_shown) hottest.pop_back();
}

Summary summarise(const Scene& scene) {
  Summary summary;
  for (const NodeView& view : scene.fleet->nodes()) {
    const bool stale = is_stale(scene, *view.node, *view.readings);
    summary.nodes_stale += stale ? 1 : 0;
    for (const Device& device : view.node->devices) {
      const DeviceReading* reading = view.readings->find(device.id);
      summary.totals.add(scene, {view.node.get(), view.readings.get(), &device, reading}, stale);
      ModelCount& count = summary.models[device.model.empty() ? device.product_name : device.model.text];
      if (count.devices++ == 0) count.model = scene.catalogue->find(device.model);
      count.free += is_free(scene, {view.node.get(), view.readings.get(), &device, reading}) ? 1 : 0;
      if (stale || reading == nullptr) continue;
      if (const auto celsius = reading->values.get(Metric::gpu_temperature)) keep_hottest(summary.hottest, {*celsius, &device});
    }
  }
  return summary;
}

void write_models(JsonWriter& json, const std::map<std::string, ModelCount>& models) {
  json.key("models").begin_array();
  for (const auto& [id, count] : models) {
    json.begin_object();
    count.model == nullptr ? json.field("model", nullptr) : json.field("model", id);
    json.field("name", count.model == nullptr ? id : count.model->name);
    json.field("vendor", count.model == nullptr ? std::nullopt : std::optional(count.model->vendor));
    count.model == nullptr ? json.field("architecture", nullptr) : json.field("architecture", count.model->architecture);
    json.field("devices", count.devices).field("free", count.free).end_object();
  }
  json.end_array();
}

void write_holders(JsonWriter& json, const Fleet& fleet) {
  MicroUsd hourly{};
  bool priced = fleet.allocations().empty();
  std::map<std::string, std::size_t> by_team;
  std::map<std::string, std::size_t> by_namespace;
  for (const auto& [id, allocation] : fleet.allocations()) {
    if (allocation.cost_per_hour) hourly += *allocation.cost_per_hour, priced = true;
    ++by_team[allocation.team_id];
    ++by_namespace[allocation.namespace_name];
  }
  json.field("hourly_cost_usd", priced ? usd(hourly) : std::nullopt);
  json.field("allocations_by_team", by_team).field("allocations_by_namespace", by_namespace);
}

void write_last_round(JsonWriter& json, const std::optional<RoundStatus>& round) {
  json.key("last_round");
  if (!round) {
    json.value(nullptr);
    return;
  }
  json.begin_object().field("started_at", round->started_at);
  json.field("duration_seconds", static_cast<double>(round->duration.count()) / 1000.0);
  json.field("targets", round->targets).field("failed", round->failed).end_object();
}

// Null: no cluster is configured.
void write_cluster(JsonWriter& json, const ClusterScene& scene) {
  json.key("cluster");
  if (!scene.configured()) {
    json.value(nullptr);
    return;
  }
  const ClusterTotals totals = totals_of(scene);
  json.begin_object().field("pods", totals.pods).field("pods_gpu", totals.pods_gpu).field("nodes_ready", totals.nodes_ready);
  json.field("servers", totals.servers).field("conflicts", totals.conflicts).end_object();
}

}  // namespace

std::string overview_json(const Api& api, const Scene& scene) {
  const Summary summary = summarise(scene);
  const Totals& totals = summary.totals;
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("version", scene.fleet->version()).field("generated_at", scene.now);
  json.field("nodes", scene.fleet->nodes().size()).field("nodes_stale", summary.nodes_stale);
  json.field("devices", totals.devices).field("devices_free", totals.devices_free).field("devices_allocated", totals.devices_allocated);
  json.field("devices_failed", totals.devices_failed).field("instances", totals.instances).field("instances_free", totals.instances_free);
  json.field("instances_allocated", totals.instances_allocated).field("allocations", scene.fleet->allocations().size());
  json.field("utilization_percent", totals.utilization_percent()).field("memory_used_mib", totals.memory_used_mib());
  json.field("memory_total_mib", totals.memory_total_mib()).field("power_watts", totals.power_watts());
  json.key("hottest").begin_array();
  for (const Hot& hot : summary.hottest)
    json.begin_object().field("device", hot.device->id).field("temperature_celsius", hot.celsius).end_object();
  json.end_array();
  write_models(json, summary.models);
  write_holders(json, *scene.fleet);
  write_last_round(json, api.collect.last_round());
  write_cluster(json, cluster_scene_of(api));
  json.end_object();
  return body;
}

std::shared_ptr<const OverviewCache::Entry> OverviewCache::compute() {
  auto entry = std::make_shared<Entry>();
  entry->cluster_version = api_.cluster.snapshot()->version;
  const Scene scene = scene_of(api_);
  std::string body = overview_json(api_, scene);
  entry->tag = entity_tag(body);
  entry->body = std::make_shared<const std::string>(std::move(body));
  entry->version = scene.fleet->version();
  entry->inventory_version = scene.fleet->inventory_version();
  entry->at = scene.now;
  const std::lock_guard lock(mutex_);
  // A slower computation of an older snapshot must not win.
  if (newest_ == nullptr || newest_->version <= entry->version) newest_ = entry;
  return newest_;
}

std::shared_ptr<const OverviewCache::Entry> OverviewCache::get() {
  const auto fleet = api_.keeper.snapshot();
  const Timestamp now = api_.clock.now();
  std::unique_lock lock(mutex_);
  const auto entry = newest_;
  // What somebody has just changed, they must see at once.
  if (entry == nullptr || entry->inventory_version != fleet->inventory_version()) {
    lock.unlock();
    return compute();
  }
  const Milliseconds age = now - entry->at;
  const bool changed = entry->version != fleet->version() || entry->cluster_version != api_.cluster.snapshot()->version;
  const bool due = (changed && age >= api_.overview_period) || age >= quiet_period;
  if (!due || refreshing_) return entry;
  refreshing_ = true;
  lock.unlock();
  const bool accepted = api_.run_blocking([self = shared_from_this()] {
    const auto fresh = self->compute();
    const std::lock_guard done(self->mutex_);
    self->refreshing_ = false;
  });
  if (accepted) return entry;
  lock.lock();
  refreshing_ = false;
  return entry;
}

Routes overview_routes(Api& api) {
  const auto cache = std::make_shared<OverviewCache>(api);
  return {{"GET", "/api/v1/overview", http::immediate([cache](const http::Request& request) {
             QueryReader query(request);
             if (const auto fault = query.finish()) return problem_response(*fault, request);
             const auto entry = cache->get();
             return tagged_json(request, entry->body, entry->tag);
           })}};
}

}  // namespace reeve::rest
