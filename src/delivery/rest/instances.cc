// GET /api/v1/instances, /api/v1/instances/{id}

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 5> sortable{"id", "device", "node", "profile", "memory_mib"};

SortKey key_of(const InstanceView& view, const std::string& sort) {
  if (sort == "device") return {.text = view.of.device->id.text};
  if (sort == "node") return {.text = view.of.device->node.text};
  if (sort == "profile") return {.text = view.instance->profile};
  if (sort == "memory_mib")
    return {.number = view.instance->memory ? std::optional(static_cast<double>(view.instance->memory->count())) : std::nullopt};
  return {.text = view.instance->id.text};
}

struct InstanceFilter {
  std::optional<std::string> device{};
  std::optional<std::string> node{};
  std::optional<std::string> profile{};
  std::optional<bool> free{};
  std::string part{};

  bool matches(const Scene& scene, const DeviceView& of, const Instance& instance) const {
    if (device && of.device->id.text != *device) return false;
    if (node && of.device->node.text != *node) return false;
    if (profile && instance.profile != *profile) return false;
    if (free && is_free(scene, of, instance) != *free) return false;
    return any_contains(std::array<std::string_view, 3>{instance.id.text, instance.profile, instance.uuid.text}, part);
  }
};

http::Response list_instances(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, instance_fields, sortable);
  InstanceFilter filter;
  filter.device = query.text("device");
  filter.node = query.text("node");
  filter.profile = query.text("profile");
  filter.free = query.flag("free");
  filter.part = lower_case(query.text("q").value_or(""));
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const Scene scene = scene_of(api);
  std::vector<Row<InstanceView>> rows;
  scene.fleet->for_each_device([&](const DeviceView& of) {
    for (const Instance& instance : of.device->instances)
      if (filter.matches(scene, of, instance))
        if (const auto view = scene.fleet->find_instance(instance.id)) rows.push_back({key_of(*view, list.sort), instance.id.text, *view});
  });
  return tagged_json(request, write_page(std::move(rows), list, [&](JsonWriter& json, const InstanceView& view, const FieldSet& fields) {
                       write_instance(json, scene, view, fields);
                     }));
}

http::Response get_instance(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const FieldSet fields = read_fields(query, instance_fields);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const std::string& id = path_value(request, "id");
  const Scene scene = scene_of(api);
  const auto found = scene.fleet->find_instance(InstanceId{id});
  if (!found)
    return problem_response({.code = ApiCode::instance_not_found, .detail = fmt::format("cannot find MIG instance '{}'", id)}, request);
  std::string body;
  JsonWriter json(body);
  write_instance(json, scene, *found, fields);
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes instance_routes(Api& api) {
  return {{"GET", "/api/v1/instances", on_pool(api, list_instances)}, {"GET", "/api/v1/instances/{id}", now(api, get_instance)}};
}

}  // namespace reeve::rest
