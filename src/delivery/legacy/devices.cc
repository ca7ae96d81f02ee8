#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/device_info.h"
#include "delivery/legacy/fleet_summary.h"
#include "delivery/legacy/request_body.h"
#include "delivery/legacy/shared.h"
#include "delivery/legacy/usage.h"
#include "usecases/register_device.h"

namespace reeve::legacy {
namespace {

constexpr std::string_view actor = "legacy-api";
constexpr Milliseconds recent = std::chrono::minutes(5);

InventoryContext inventory(const LegacyApi& api) { return {api.keeper, api.catalogue, api.clock}; }

struct DeviceFilter {
  std::optional<std::string> node;
  std::optional<std::string> model;
  std::optional<std::string> status;  // upper case

  explicit DeviceFilter(const http::Request& request)
      : node(text_parameter(request, "nodeName")), model(text_parameter(request, "modelId")), status(text_parameter(request, "status")) {
    if (status) status = upper_case(*status);
  }

  // The same text for the same filter.
  std::string text() const { return fmt::format("{:?} {:?} {:?}", node.value_or(""), model.value_or(""), status.value_or("")); }

  bool passes(const Moment& moment, const DeviceView& view) const {
    const Device& device = *view.device;
    if (node && view.node->name.text != *node) return false;
    if (model && device.model.text != *model) return false;
    if (!status) return true;
    if (*status == "AVAILABLE") return moment.fleet->is_free(device);
    if (*status == "ALLOCATED") return moment.fleet->holder(device.id) != nullptr;
    return *status == status_of(device);
  }
};

http::Response list_devices(const LegacyApi& api, const DeviceFilter& filter) {
  const Moment moment(api);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_array();
                               moment.fleet->for_each_device([&](const DeviceView& view) {
                                 if (filter.passes(moment, view)) write_device(json, moment, view);
                               });
                               json.end_array();
                             }));
}

http::Response list_overheating(const LegacyApi& api) {
  const Moment moment(api);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_array();
                               moment.fleet->for_each_device([&](const DeviceView& view) {
                                 if (health::overheating(fresh_value(moment, view, Metric::gpu_temperature)))
                                   write_device(json, moment, view);
                               });
                               json.end_array();
                             }));
}

DayMeans day_means(const Moment& moment, const Device& device) {
  const auto found = moment.api.metrics.query({.resources = {device.id.text},
                                               .metrics = {Metric::gpu_utilization, Metric::gpu_temperature, Metric::power_usage},
                                               .from = moment.now - std::chrono::hours(24),
                                               .to = moment.now + Milliseconds(1),
                                               .step = std::chrono::hours(1)});
  if (!found) return {};
  Mean utilization, temperature, power;
  for (const Series& series : *found) {
    Mean& mean = series.metric == Metric::gpu_utilization ? utilization : series.metric == Metric::gpu_temperature ? temperature : power;
    for (const Point& point : series.points) mean.add(point);
  }
  return {utilization.get(), temperature.get(), power.get()};
}

http::Response one_device(const LegacyApi& api, const http::Request& request) {
  const Moment moment(api);
  const auto view = moment.fleet->find_device(DeviceId{request.path_parameters.at("deviceId")});
  if (!view) return empty_response(404);
  const DayMeans day = day_means(moment, *view->device);
  return http::json_response(200, print_json([&](JsonWriter& json) { write_device(json, moment, *view, day); }));
}

std::optional<DeviceRegistration> read_registration(RequestBody& body, const LocalZone& zone) {
  DeviceRegistration wanted;
  wanted.node.text = body.text("nodeName");
  wanted.model.text = body.text("modelId");
  const auto index = body.whole("deviceIndex");
  wanted.index = static_cast<int>(index.value_or(-1));
  wanted.serial = body.text("serialNumber");
  wanted.pci_address = body.text("pciAddress");
  wanted.uuid.text = body.text("gpuUuid");
  wanted.driver_version = body.text("driverVersion");
  wanted.firmware_version = body.text("firmwareVersion");
  wanted.vbios_version = body.text("vbiosVersion");
  constexpr double usd_max = 1e9;  // dearer than any GPU: a slip of the hand
  const auto cost = body.real("purchaseCost");
  if (cost && std::abs(*cost) > usd_max) return std::nullopt;
  if (cost) wanted.purchase_cost = MicroUsd(std::llround(*cost * 1e6));
  wanted.warranty_expiry = body.time("warrantyExpiryDate", zone);
  if (body.broken()) return std::nullopt;
  return wanted;
}

void post_device(const LegacyApi& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  auto parsed = RequestBody::parse(request);
  if (const int* refused = std::get_if<int>(&parsed)) return responder->respond(framework_error(api, *refused, request.path));
  auto registration = read_registration(std::get<RequestBody>(parsed), api.options.zone);
  if (!registration) return responder->respond(framework_error(api, 400, request.path));
  register_device(inventory(api), std::move(*registration), [api, responder](const Result<Device>& done) {
    if (!done) return responder->respond(empty_response(done.error().code == Errc::unavailable ? 503 : 400));
    const Moment moment(api);
    const auto view = moment.fleet->find_device(done->id);
    if (!view) return responder->respond(empty_response(500));
    responder->respond(http::json_response(200, print_json([&](JsonWriter& json) { write_device(json, moment, *view); })));
  });
}

void put_status(const LegacyApi& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  if (!request.parameter("status")) return responder->respond(framework_error(api, 400, request.path));
  const DeviceId id{request.path_parameters.at("deviceId")};
  const auto fleet = api.keeper.snapshot();
  const auto view = fleet->find_device(id);
  if (!view) return responder->respond(empty_response(404));
  std::string word = upper_case(std::string(*request.parameter("status")));
  // MIG mode is a fact of the hardware and no state to be set: the word is good only where it is true.
  if (word == "MIG_ENABLED" && view->device->mig_enabled) word = to_text(DeviceState::active);
  const auto state = from_text<DeviceState>(word);
  if (!state) return responder->respond(empty_response(400));
  set_device_state(inventory(api), id, *state, std::string(actor), [responder](const Result<Device>& done) {
    const int status = done ? 200 : done.error().code == Errc::not_found ? 404 : done.error().code == Errc::unavailable ? 503 : 400;
    responder->respond(empty_response(status));
  });
}

http::Response statistics(const LegacyApi& api) {
  const Moment moment(api);
  const FleetSummary fleet = summarise(moment);
  return http::json_response(
      200, print_json([&](JsonWriter& json) {
        json.begin_object().field("totalDevices", fleet.devices).field("activeDevices", fleet.active);
        json.field("migEnabledDevices", fleet.mig_enabled).field("maintenanceDevices", fleet.maintenance);
        json.field("failedDevices", fleet.failed).field("devicesByNode", fleet.by_node).field("devicesByModel", fleet.by_model);
        json.field("devicesByArchitecture", fleet.by_architecture).field("totalMemoryCapacityGb", fleet.memory_gb);
        json.field("availableMemoryCapacityGb", fleet.memory_free_gb).field("memoryUtilizationPercent", fleet.memory_taken_percent());
        json.field("avgUtilization", fleet.utilization.get()).field("avgTemperature", fleet.temperature.get());
        json.field("avgPowerConsumption", fleet.power.get()).field("statisticsTime", moment.local_now()).end_object();
      }));
}

UsageMeans recent_means(const Moment& moment, const DeviceView& view) {
  UsageMeans means;
  const auto found =
      moment.api.metrics.query({.resources = {view.device->id.text},
                                .metrics = {Metric::gpu_utilization, Metric::memory_copy_utilization, Metric::gpu_temperature},
                                .from = moment.now - recent,
                                .to = moment.now + Milliseconds(1),
                                .step = recent});
  if (!found) return means;
  for (const Series& series : *found)
    for (const Point& point : series.points) means.of(series.metric).add(point);
  return means;
}

void write_recent(JsonWriter& json, const std::string& model, const UsageMeans& means) {
  json.key("recentMetrics").begin_object();
  if (!means.empty()) json.field("modelName", model);
  json.field("avgGpuUtilization", means.utilization.get()).field("avgMemoryUtilization", means.memory.get());
  json.field("avgTemperature", means.temperature.get());
  if (means.empty()) json.field("dataAvailable", false);
  json.end_object();
}

void write_advice(JsonWriter& json, const Device& device, const health::DeviceHealth& health) {
  std::vector<std::string_view> advice;
  if (device.lost) advice.push_back("GPU가 응답하지 않습니다. 노드와 드라이버를 점검하세요.");
  if (health.temperature >= health::Temperature::warning) advice.push_back("온도가 높습니다. 냉각 상태를 즉시 점검하세요.");
  if (health.temperature == health::Temperature::caution) advice.push_back("온도 상승에 주의하세요.");
  if (health.load == health::Load::high) advice.push_back("사용률이 매우 높습니다. 부하 분산을 검토하세요.");
  if (health.load == health::Load::idle) advice.push_back("GPU가 유휴 상태입니다.");
  if (health.power == health::Power::high) advice.push_back("전력 소비가 한도를 넘었습니다.");
  if (health.overall == health::Overall::unknown) advice.push_back("최근 측정값이 없어 상태를 판단할 수 없습니다.");
  if (advice.empty()) advice.push_back("현재 상태가 양호합니다");
  json.key("recommendations").begin_array();
  for (const std::string_view line : advice) json.value(line);
  json.end_array();
}

http::Response unknown_device_health(const Moment& moment, const std::string& id) {
  return http::json_response(404, print_json([&](JsonWriter& json) {
                               json.begin_object().field("deviceId", id).field("overallHealth", "ERROR");
                               json.field("error", "Failed to retrieve health information");
                               json.field("errorMessage", "GPU device not found: " + id);
                               json.field("timestamp", moment.local_now()).end_object();
                             }));
}

http::Response device_health(const LegacyApi& api, const http::Request& request) {
  const Moment moment(api);
  const std::string& id = request.path_parameters.at("deviceId");
  const auto view = moment.fleet->find_device(DeviceId{id});
  if (!view) return unknown_device_health(moment, id);
  const Device& device = *view->device;
  const GpuModel* model = model_of(moment, device);
  const health::DeviceHealth verdict =
      health::judge_device(device, fresh_values(moment, *view), model != nullptr ? model->tdp_watts : std::nullopt);
  const UsageMeans means = recent_means(moment, *view);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object().field("deviceId", device.id).field("deviceStatus", status_of(device));
                               json.field("modelName", model_name(moment, device));
                               write_recent(json, model_name(moment, device), means);
                               json.field("temperatureStatus", verdict.temperature).field("utilizationStatus", verdict.load);
                               json.field("powerStatus", verdict.power).field("overallHealth", verdict.overall);
                               write_advice(json, device, verdict);
                               json.field("timestamp", moment.local_now());
                               const auto seen = view->node_readings->at;
                               json.field("lastUpdateTime", seen ? std::optional(moment.local(*seen)) : std::nullopt).end_object();
                             }));
}

}  // namespace

void add_device_routes(Routes& routes, const SharedPtr& shared) {
  const LegacyApi& api = shared->api;
  const auto pooled = [&](std::function<http::Response(const http::Request&)> answer) { return on_pool(api.run_slow, std::move(answer)); };
  routes.push_back(
      {"GET", "/k8s-monitor/api/v1/gpu/devices", [shared](const http::Request& request, std::shared_ptr<http::Responder> responder) {
         DeviceFilter filter(request);
         const std::string key = "devices " + filter.text();
         shared->prepared->serve(
             key, {}, [shared, filter = std::move(filter)] { return list_devices(shared->api, filter); }, std::move(responder));
       }});
  routes.push_back(
      {"POST", "/k8s-monitor/api/v1/gpu/devices", [shared](const http::Request& request, std::shared_ptr<http::Responder> responder) {
         post_device(shared->api, request, responder);
       }});
  routes.push_back(
      {"GET", "/k8s-monitor/api/v1/gpu/devices/statistics", [shared](http::Request, std::shared_ptr<http::Responder> responder) {
         shared->prepared->serve(
             "statistics", {}, [shared] { return statistics(shared->api); }, std::move(responder));
       }});
  routes.push_back(
      {"GET", "/k8s-monitor/api/v1/gpu/devices/overheating", pooled([shared](const auto&) { return list_overheating(shared->api); })});
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/devices/{deviceId}",
                    pooled([shared](const auto& request) { return one_device(shared->api, request); })});
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/devices/{deviceId}/health",
                    pooled([shared](const auto& request) { return device_health(shared->api, request); })});
  routes.push_back({"PUT", "/k8s-monitor/api/v1/gpu/devices/{deviceId}/status",
                    [shared](const http::Request& request, std::shared_ptr<http::Responder> responder) {
                      put_status(shared->api, request, responder);
                    }});
}

}  // namespace reeve::legacy
