#include "delivery/rest/fleet_feed.h"

#include <algorithm>
#include <chrono>
#include <tuple>

#include <fmt/format.h>

namespace reeve::rest {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds burst_pause{50};  // a hundred changes in a row make a few events, not a hundred rounds

std::shared_ptr<const std::string> shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::optional<double> value_of(const MetricValues* values, Metric metric) { return values == nullptr ? std::nullopt : values->get(metric); }

void write_holder(JsonWriter& json, const Allocation* holder) {
  holder == nullptr ? json.field("allocation", nullptr) : json.field("allocation", holder->id);
}

void write_device_reading(JsonWriter& json, const Fleet& fleet, const Device& device, const DeviceReading* reading) {
  const MetricValues* values = reading == nullptr ? nullptr : &reading->values;
  json.begin_object().field("id", device.id).field("util", value_of(values, Metric::gpu_utilization));
  json.field("mem_used", value_of(values, Metric::memory_used)).field("temp", value_of(values, Metric::gpu_temperature));
  json.field("power", value_of(values, Metric::power_usage)).field("state", device.state);
  write_holder(json, fleet.holder(device.id));
  json.key("instances").begin_array();
  for (const Instance& instance : device.instances) {
    const MetricValues* own = nullptr;
    if (reading != nullptr)
      for (const InstanceReading& part : reading->instances)
        if (part.id == instance.id) own = &part.values;
    // The driver has no utilization of a slice; the share of time in which its engines work comes nearest.
    const auto active = value_of(own, Metric::graphics_engine_active);
    json.begin_object().field("id", instance.id).field("util", active ? std::optional(*active * 100) : std::nullopt);
    json.field("mem_used", value_of(own, Metric::memory_used));
    write_holder(json, fleet.holder(instance.id));
    json.end_object();
  }
  json.end_array().end_object();
}

std::string node_part(const Scene& scene, const NodeView& view) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("name", view.node->name).field("observed_at", view.readings->at);
  json.field("stale", is_stale(scene, *view.node, *view.readings)).key("devices").begin_array();
  for (const Device& device : view.node->devices) write_device_reading(json, *scene.fleet, device, view.readings->find(device.id));
  json.end_array().end_object();
  return out;
}

// Calls visit(before or null, after or null) for each node of either snapshot, by name.
template <class Visit>
void compare_nodes(const Fleet& before, const Fleet& after, const Visit& visit) {
  auto old = before.nodes().begin();
  for (const NodeView& view : after.nodes()) {
    for (; old != before.nodes().end() && old->node->name < view.node->name; ++old) visit(&*old, static_cast<const NodeView*>(nullptr));
    const bool same_name = old != before.nodes().end() && old->node->name == view.node->name;
    visit(same_name ? &*old : nullptr, &view);
    if (same_name) ++old;
  }
  for (; old != before.nodes().end(); ++old) visit(&*old, static_cast<const NodeView*>(nullptr));
}

std::string allocation_json(const Api& api, const Allocation& allocation) {
  std::string data;
  JsonWriter json(data);
  write_allocation(json, *api.holdings.report(), allocation);
  return data;
}

// How many objects came, went or changed: two runs of shared objects, both in the order that `before` tells.
template <class Object, class Before>
std::size_t changes(const std::vector<std::shared_ptr<const Object>>& old, const std::vector<std::shared_ptr<const Object>>& now,
                    const Before& before) {
  std::size_t count = 0;
  auto left = old.begin();
  for (const auto& object : now) {
    for (; left != old.end() && before(**left, *object); ++left) ++count;
    const bool known = left != old.end() && !before(*object, **left);
    if (!known || *left != object) ++count;
    if (known) ++left;
  }
  return count + static_cast<std::size_t>(old.end() - left);
}

std::string cluster_json(const ClusterScene& before, const ClusterScene& after) {
  const auto by_name = [](const auto& a, const auto& b) {
    return std::tie(a.meta.namespace_name, a.meta.name) < std::tie(b.meta.namespace_name, b.meta.name);
  };
  const auto& old = *before.cluster;
  const auto& now = *after.cluster;
  std::string data;
  JsonWriter json(data);
  json.begin_object().field("version", now.version).key("changed").begin_object();
  json.field("pods", changes(old.pods, now.pods, by_name)).field("nodes", changes(old.nodes, now.nodes, by_name));
  json.field("namespaces", changes(old.namespaces, now.namespaces, by_name)).field("claims", changes(old.claims, now.claims, by_name));
  json.end_object().field("usage", old.pod_usage != now.pod_usage || old.node_usage != now.node_usage);
  json.field("kinds", !std::ranges::equal(old.kinds, now.kinds, {}, &cluster::KindStatus::state, &cluster::KindStatus::state));
  json.field("holdings", before.report != after.report).field("servers", before.servers != after.servers).end_object();
  return data;
}

}  // namespace

std::string server_sent_event(std::uint64_t id, std::string_view name, std::string_view data) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, name, data);
}

FleetFeed::FleetFeed(const Api& api)
    : api_(api),
      newest_(api.keeper.snapshot()),
      told_inventory_(newest_),
      told_readings_(newest_),
      told_jobs_(api.jobs.version()),
      told_cluster_(cluster_scene_of(api)) {
  subscription_ = api.keeper.subscribe([this](const Snapshot& snapshot) {
    const std::lock_guard lock(mutex_);
    newest_ = snapshot;
    wake_.notify_one();
  });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

FleetFeed::~FleetFeed() {
  subscription_.reset();
  thread_.request_stop();
  wake_.notify_all();
  thread_.join();
  const std::lock_guard lock(clients_mutex_);
  for (const Client& client : clients_) client.stream->close();
}

void FleetFeed::add(std::shared_ptr<http::Stream> stream, std::optional<std::string> node) {
  std::string data;
  JsonWriter json(data);
  const std::uint64_t version = api_.keeper.snapshot()->version();
  json.begin_object().field("version", version).field("time", api_.clock.now()).end_object();
  stream->send(server_sent_event(version, "hello", data));
  const std::lock_guard lock(clients_mutex_);
  clients_.push_back({std::move(stream), std::move(node)});
}

bool FleetFeed::has_clients() {
  const std::lock_guard lock(clients_mutex_);
  std::erase_if(clients_, [](const Client& client) { return !client.stream->is_open(); });
  return !clients_.empty();
}

void FleetFeed::send_all(const Bytes& event) {
  const std::lock_guard lock(clients_mutex_);
  for (const Client& client : clients_) client.stream->send(event);
}

void FleetFeed::run(const std::stop_token& stop) {
  auto next_readings = SteadyClock::now() + api_.stream_period;
  auto next_heartbeat = SteadyClock::now() + api_.stream_heartbeat;
  while (!stop.stop_requested()) {
    Snapshot now;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, stop, next_readings, [&] { return newest_->inventory_version() != told_inventory_->inventory_version(); });
      now = newest_;
    }
    if (stop.stop_requested()) return;
    if (!has_clients()) {
      told_inventory_ = told_readings_ = now;
      touched_nodes_.clear();
      told_jobs_ = api_.jobs.version();
      told_cluster_ = cluster_scene_of(api_);
    } else if (now->inventory_version() != told_inventory_->inventory_version()) {
      tell_allocations(now);
      tell_inventory(now);
      told_inventory_ = now;
      std::this_thread::sleep_for(std::min(burst_pause, api_.stream_period));
    }
    if (SteadyClock::now() < next_readings) continue;
    next_readings = SteadyClock::now() + api_.stream_period;
    tell_readings(now);
    tell_jobs();
    tell_cluster();
    if (SteadyClock::now() < next_heartbeat) continue;
    next_heartbeat = SteadyClock::now() + api_.stream_heartbeat;
    send_all(shared(": still here\n\n"));
  }
}

void FleetFeed::tell_inventory(const Snapshot& now) {
  std::string data;
  JsonWriter json(data);
  bool any = false;
  json.begin_object().key("nodes").begin_array();
  compare_nodes(*told_inventory_, *now, [&](const NodeView* before, const NodeView* after) {
    if (before != nullptr && after != nullptr && before->node == after->node) return;
    any = true;
    json.value((after != nullptr ? after : before)->node->name);
  });
  json.end_array().end_object();
  if (any) send_all(shared(server_sent_event(now->version(), "inventory", data)));
}

void FleetFeed::tell_allocations(const Snapshot& now) {
  const AllocationMap& before = told_inventory_->allocations();
  const AllocationMap& after = now->allocations();
  if (&before == &after) return;
  for (const auto& [id, allocation] : after) {
    const auto old = before.find(id);
    if (old != before.end() && old->second == allocation) continue;
    touched_nodes_.push_back(place_of(allocation.resource).node);
    send_all(shared(server_sent_event(now->version(), "allocation", allocation_json(api_, allocation))));
  }
  for (const auto& [id, allocation] : before) {
    if (after.contains(id)) continue;
    touched_nodes_.push_back(place_of(allocation.resource).node);
    tell_ended(id);
  }
}

// How it ended, and what it cost, is in the store only.
void FleetFeed::tell_ended(const AllocationId& id) {
  const auto found = api_.store.find_allocation(id);
  if (!found || !*found) return;
  send_all(shared(server_sent_event(told_inventory_->version() + 1, "allocation", allocation_json(api_, **found))));
}

void FleetFeed::tell_readings(const Snapshot& now) {
  const Scene scene = scene_of(api_, now);
  std::vector<NodePart> parts;
  compare_nodes(*told_readings_, *now, [&](const NodeView* before, const NodeView* after) {
    if (after == nullptr) return;
    const bool touched = std::ranges::find(touched_nodes_, after->node->name.text) != touched_nodes_.end();
    if (!touched && before != nullptr && before->readings == after->readings && before->node == after->node) return;
    parts.push_back({after->node->name.text, node_part(scene, *after)});
  });
  told_readings_ = now;
  touched_nodes_.clear();
  if (parts.empty()) return;
  const std::string head = fmt::format("{{\"at\":\"{}\",\"nodes\":[", to_rfc3339(scene.now));
  std::string all = head;
  for (const NodePart& part : parts) all += (&part == parts.data() ? "" : ",") + part.json;
  const Bytes whole = shared(server_sent_event(now->version(), "readings", all + "]}"));
  const std::lock_guard lock(clients_mutex_);
  for (const Client& client : clients_) {
    if (!client.node) {
      client.stream->send(whole);
      continue;
    }
    const auto own = std::ranges::find(parts, *client.node, &NodePart::name);
    if (own != parts.end()) client.stream->send(server_sent_event(now->version(), "readings", head + own->json + "]}"));
  }
}

void FleetFeed::tell_jobs() {
  const std::uint64_t version = api_.jobs.version();
  if (version == told_jobs_) return;
  told_jobs_ = version;
  std::string data;
  JsonWriter json(data);
  json.begin_object().key("items").begin_array();
  for (const Job& job : api_.jobs.list()) write_job(json, job);
  json.end_array().end_object();
  send_all(shared(server_sent_event(told_readings_->version(), "jobs", data)));
}

void FleetFeed::tell_cluster() {
  const ClusterScene now = cluster_scene_of(api_);
  const bool same =
      now.cluster->version == told_cluster_.cluster->version && now.report == told_cluster_.report && now.servers == told_cluster_.servers;
  if (same) return;
  send_all(shared(server_sent_event(told_readings_->version(), "cluster", cluster_json(told_cluster_, now))));
  told_cluster_ = now;
}

}  // namespace reeve::rest
