// GET /api/v1/cluster/claims: ResourceClaims (DRA), and which GPU each of their devices is.

#include <deque>
#include <map>
#include <tuple>

#include "delivery/rest/answer.h"
#include "delivery/rest/cluster_records.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 3> sortable{"namespace", "name", "created_at"};

// What the drivers say of their devices. Borrows the snapshot.
class SliceDevices {
 public:
  explicit SliceDevices(const cluster::Snapshot& snapshot) {
    for (const auto& slice : snapshot.slices)
      for (const auto& device : slice->devices) {
        Entry& entry = devices_[{slice->driver, slice->pool, device.name}];
        // A driver that renews its pool leaves slices of the old generation for a moment.
        if (entry.device == nullptr || entry.generation < slice->pool_generation) entry = {&device, slice->pool_generation};
      }
  }
  const cluster::SliceDevice* find(const cluster::ClaimDevice& claimed) const {
    const auto at = devices_.find({claimed.driver, claimed.pool, claimed.device});
    return at == devices_.end() ? nullptr : at->second.device;
  }

 private:
  using Key = std::tuple<std::string_view, std::string_view, std::string_view>;
  struct Entry {
    const cluster::SliceDevice* device = nullptr;
    std::int64_t generation = 0;
  };
  std::map<Key, Entry> devices_{};
};

const std::string* uuid_of(const cluster::SliceDevice* device) {
  return device == nullptr ? nullptr : cluster::find(device->attributes, "uuid");
}

// The GPU or the slice of our fleet that has the UUID.
std::string resource_of(const Fleet& fleet, const cluster::SliceDevice* device) {
  const std::string* uuid = uuid_of(device);
  if (uuid == nullptr) return {};
  if (const auto whole = fleet.find_device(GpuUuid{*uuid})) return whole->device->id.text;
  const std::string* parent = cluster::find(device->attributes, "parentUUID");
  const auto view = parent == nullptr ? std::nullopt : fleet.find_device(GpuUuid{*parent});
  if (!view) return {};
  const auto part = std::ranges::find(view->device->instances, *uuid, [](const Instance& instance) { return instance.uuid.text; });
  return part == view->device->instances.end() ? std::string() : part->id.text;
}

void write_claim(JsonWriter& json, const ClusterScene& scene, const SliceDevices& devices, const cluster::ResourceClaim& claim,
                 const FieldSet& fields) {
  ItemWriter item(json, fields);
  item.field("namespace", claim.meta.namespace_name).field("name", claim.meta.name).field("created_at", claim.meta.created_at);
  if (item.begin("devices")) {
    json.begin_array();
    for (const auto& claimed : claim.devices) {
      const auto* device = devices.find(claimed);
      const std::string* uuid = uuid_of(device);
      ItemWriter part(json);
      part.field("request", claimed.request).field("driver", claimed.driver).field("pool", claimed.pool).field("device", claimed.device);
      part.text("uuid", uuid == nullptr ? "" : *uuid).text("resource", resource_of(*scene.fleet, device));
      part.end();
    }
    json.end_array();
  }
  item.field("reserved_for", claim.reserved_for);
  item.end();
}

SortKey key_of(const cluster::ResourceClaim& claim, const std::string& sort) {
  if (sort == "name") return {.text = claim.meta.name};
  if (sort == "created_at") {
    const auto at = claim.meta.created_at;
    return {.number = at ? std::optional(static_cast<double>(at->time_since_epoch().count())) : std::nullopt};
  }
  return {.text = claim.meta.namespace_name};
}

http::Response list_claims(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, claim_fields, sortable);
  const auto namespace_name = query.text("namespace");
  const auto allocated = query.flag("allocated");
  const std::string part = lower_case(query.text("q").value_or(""));
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ClusterScene scene = cluster_scene_of(api);
  const SliceDevices devices(*scene.cluster);
  std::deque<std::string> ids;
  std::vector<Row<const cluster::ResourceClaim*>> rows;
  for (const auto& claim : scene.cluster->claims) {
    if (namespace_name && claim->meta.namespace_name != *namespace_name) continue;
    if (allocated && claim->devices.empty() == *allocated) continue;
    if (!any_contains(std::array<std::string_view, 2>{claim->meta.name, claim->meta.namespace_name}, part)) continue;
    const std::string& id = ids.emplace_back(cluster::pod_key(claim->meta.namespace_name, claim->meta.name));
    rows.push_back({key_of(*claim, list.sort), id, claim.get()});
  }
  return tagged_json(request,
                     write_page(std::move(rows), list, [&](JsonWriter& json, const cluster::ResourceClaim* claim, const FieldSet& fields) {
                       write_claim(json, scene, devices, *claim, fields);
                     }));
}

}  // namespace

Routes cluster_claim_routes(Api& api) { return {{"GET", "/api/v1/cluster/claims", on_pool(api, list_claims)}}; }

}  // namespace reeve::rest
