// GET, POST /api/v1/devices; GET, PATCH /api/v1/devices/{id}

#include <cmath>

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"
#include "net/http/target.h"
#include "usecases/limits.h"

namespace reeve::rest {
namespace {

constexpr double money_max = 1e9;  // dollars: more is a typing error

// The own columns of the list, and every metric by its name.
std::vector<std::string_view> sortable_columns() {
  std::vector<std::string_view> names{"id", "node", "index", "model", "state", "memory_mib", "observed_at"};
  for (const MetricInfo& metric : device_metrics()) names.push_back(metric.name);
  return names;
}

SortKey key_of(const DeviceView& view, const std::string& sort) {
  const Device& device = *view.device;
  if (sort.empty() || sort == "id") return {.text = device.id.text};
  if (sort == "node") return {.text = device.node.text};
  if (sort == "index") return {.number = device.index};
  if (sort == "model") return {.text = device.model.text};
  if (sort == "state") return {.text = to_text(device.state)};
  if (sort == "memory_mib") return {.number = device.memory ? std::optional(static_cast<double>(device.memory->count())) : std::nullopt};
  if (sort == "observed_at") {
    const auto at = view.node_readings->at;
    return {.number = at ? std::optional(static_cast<double>(at->time_since_epoch().count())) : std::nullopt};
  }
  const MetricInfo* metric = metric_by_name(sort);
  if (metric == nullptr || view.reading == nullptr) return {};
  return {.number = view.reading->values.get(metric->metric)};
}

struct DeviceFilter {
  std::optional<std::string> node{};
  std::optional<std::string> model{};
  std::optional<DeviceState> state{};
  std::optional<bool> free{};
  std::optional<bool> mig{};
  std::optional<bool> stale{};
  std::string part{};

  bool matches(const Scene& scene, const DeviceView& view) const {
    const Device& device = *view.device;
    if (node && device.node.text != *node) return false;
    if (model && device.model.text != *model) return false;
    if (state && device.state != *state) return false;
    if (mig && device.mig_enabled != *mig) return false;
    if (free && is_free(scene, view) != *free) return false;
    if (stale && is_stale(scene, *view.node, *view.node_readings) != *stale) return false;
    return any_contains(
        std::array<std::string_view, 5>{device.id.text, device.model.text, device.product_name, device.uuid.text, device.serial}, part);
  }
};

DeviceFilter read_filter(QueryReader& query) {
  DeviceFilter filter;
  filter.node = query.text("node");
  filter.model = query.text("model");
  filter.state = query.word<DeviceState>("state");
  filter.free = query.flag("free");
  filter.mig = query.flag("mig");
  filter.stale = query.flag("stale");
  filter.part = lower_case(query.text("q").value_or(""));
  return filter;
}

http::Response list_devices(const Api& api, const http::Request& request) {
  static const std::vector<std::string_view> sortable = sortable_columns();
  QueryReader query(request);
  const ListRequest list = read_list_request(query, device_fields, sortable);
  const DeviceFilter filter = read_filter(query);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const Scene scene = scene_of(api);
  std::vector<Row<DeviceView>> rows;
  scene.fleet->for_each_device([&](const DeviceView& view) {
    if (filter.matches(scene, view)) rows.push_back({key_of(view, list.sort), view.device->id.text, view});
  });
  return tagged_json(request, write_page(std::move(rows), list, [&](JsonWriter& json, const DeviceView& view, const FieldSet& fields) {
                       write_device(json, scene, view, fields);
                     }));
}

http::Response no_such_device(const std::string& id, const http::Request& request) {
  return problem_response({.code = ApiCode::device_not_found, .detail = fmt::format("cannot find device '{}'", id)}, request);
}

http::Response get_device(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const FieldSet fields = read_fields(query, device_fields);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const std::string& id = path_value(request, "id");
  const Scene scene = scene_of(api);
  const auto found = scene.fleet->find_device(DeviceId{id});
  if (!found) return no_such_device(id, request);
  std::string body;
  JsonWriter json(body);
  write_device(json, scene, *found, fields);
  return tagged_json(request, std::move(body));
}

// The device as it is after a change.
http::Response changed_device(const Api& api, int status, const DeviceId& id, const http::Request& request) {
  const Scene scene = scene_of(api);
  const auto found = scene.fleet->find_device(id);
  if (!found) return no_such_device(id.text, request);
  std::string body;
  JsonWriter json(body);
  write_device(json, scene, *found);
  return http::json_response(status, std::move(body));
}

DeviceRegistration read_registration(BodyReader& body) {
  DeviceRegistration registration;
  registration.node = NodeName{body.required_text("node")};
  registration.model = ModelId{body.required_text("model")};
  registration.index = static_cast<int>(body.required_number("index", 0, devices_per_node_max - 1));
  registration.uuid = GpuUuid{body.required_text("uuid")};
  registration.pci_address = body.required_text("pci_address");
  registration.serial = body.text("serial").value_or("");
  registration.driver_version = body.text("driver_version").value_or("");
  registration.firmware_version = body.text("firmware_version").value_or("");
  registration.vbios_version = body.text("vbios_version").value_or("");
  if (const auto cost = body.amount("purchase_cost_usd", money_max)) registration.purchase_cost = MicroUsd(std::llround(*cost * 1e6));
  registration.warranty_expiry = body.time("warranty_expiry");
  registration.create_node = body.flag("create_node").value_or(false);
  return registration;
}

void post_device(const Api& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  QueryReader query(request);
  if (const auto fault = query.finish()) return responder->respond(problem_response(*fault, request));
  BodyReader body(request);
  DeviceRegistration registration = read_registration(body);
  if (const auto fault = body.finish()) return responder->respond(problem_response(*fault, request));
  register_device(api.inventory_context(), std::move(registration), [&api, request, responder](const Result<Device>& outcome) {
    if (!outcome) {
      const ApiCode missing = outcome.error().field == "model" ? ApiCode::model_not_found : ApiCode::node_not_found;
      return responder->respond(problem_response(outcome.error(), missing, request));
    }
    http::Response response = changed_device(api, 201, outcome->id, request);
    response.headers.emplace("Location", "/api/v1/devices/" + http::percent_encode(outcome->id.text));
    responder->respond(std::move(response));
  });
}

void patch_device(const Api& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  QueryReader query(request);
  if (const auto fault = query.finish()) return responder->respond(problem_response(*fault, request));
  BodyReader body(request);
  body.require("state");
  const auto state = body.word<DeviceState>("state");
  if (const auto fault = body.finish()) return responder->respond(problem_response(*fault, request));
  set_device_state(api.inventory_context(), DeviceId{path_value(request, "id")}, *state, "api",
                   [&api, request, responder](const Result<Device>& outcome) {
                     responder->respond(outcome ? changed_device(api, 200, outcome->id, request)
                                                : problem_response(outcome.error(), ApiCode::device_not_found, request));
                   });
}

}  // namespace

Routes device_routes(Api& api) {
  return {{"GET", "/api/v1/devices", on_pool(api, list_devices)},
          {"POST", "/api/v1/devices", later(api, post_device)},
          {"GET", "/api/v1/devices/{id}", now(api, get_device)},
          {"PATCH", "/api/v1/devices/{id}", later(api, patch_device)}};
}

}  // namespace reeve::rest
