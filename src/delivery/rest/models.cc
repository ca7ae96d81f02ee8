// GET /api/v1/models, /api/v1/models/{id}: the catalogue, and how many of each model there are.

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 5> sortable{"id", "name", "vendor", "architecture", "memory_gb"};

struct Count {
  std::size_t devices = 0;
  std::size_t free = 0;
};
using Counts = std::map<ModelId, Count>;

Counts count_models(const Scene& scene) {
  Counts counts;
  scene.fleet->for_each_device([&](const DeviceView& view) {
    Count& count = counts[view.device->model];
    ++count.devices;
    count.free += is_free(scene, view) ? 1 : 0;
  });
  return counts;
}

SortKey key_of(const GpuModel& model, const std::string& sort) {
  if (sort == "name") return {.text = model.name};
  if (sort == "vendor") return {.text = to_text(model.vendor)};
  if (sort == "architecture") return {.text = model.architecture};
  if (sort == "memory_gb") return {.number = static_cast<double>(model.memory_gb)};
  return {.text = model.id.text};
}

std::optional<int> positive(int number) { return number > 0 ? std::optional(number) : std::nullopt; }

void write_profiles(JsonWriter& json, const mig::Geometry* geometry) {
  json.begin_array();
  if (geometry != nullptr)
    for (const mig::GpuInstanceProfile& profile : geometry->profiles()) {
      json.begin_object().field("id", profile.id).field("name", profile.name).field("gpu_slices", profile.gpu_slices);
      json.field("memory_slices", profile.memory_slices);
      json.field("memory_mib", profile.memory.count() > 0 ? std::optional(profile.memory) : std::nullopt);
      json.field("max_instances", profile.max_instances).field("starts", profile.starts).field("size", profile.size).end_object();
    }
  json.end_array();
}

void write_model(JsonWriter& json, const Api& api, const GpuModel& model, const Count& count, const FieldSet& fields, bool with_profiles) {
  const mig::Geometry* geometry = api.catalogue.geometry(model.id);
  ItemWriter item(json, fields);
  item.field("id", model.id).field("name", model.name).field("vendor", model.vendor).text("architecture", model.architecture);
  item.text("compute_capability", model.compute_capability).field("memory_gb", model.memory_gb).text("memory_type", model.memory_type);
  item.field("bandwidth_gb_s", model.bandwidth_gb_s).field("fp32_tflops", model.fp32_tflops).field("fp16_tflops", model.fp16_tflops);
  item.field("fp8_tflops", model.fp8_tflops).field("tdp_watts", model.tdp_watts).text("interconnect", model.interconnect);
  item.field("pcie_generation", model.pcie_generation).field("partition", model.partition).field("max_instances", model.max_instances);
  item.field("memory_slots", geometry == nullptr ? std::nullopt : positive(geometry->slots()));
  item.field("driver_memory_mib", model.driver_memory).field("release_year", model.release_year);
  item.field("price_per_hour_usd", usd(api.prices.whole_gpu(model))).field("market_segment", model.market_segment);
  item.field("devices", count.devices).field("devices_free", count.free);
  if (with_profiles && item.begin("mig_profiles")) write_profiles(json, geometry);
  item.end();
}

Count count_of(const Counts& counts, const ModelId& id) {
  const auto at = counts.find(id);
  return at == counts.end() ? Count{} : at->second;
}

http::Response list_models(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, model_fields, sortable);
  const auto vendor = query.word<Vendor>("vendor");
  const std::string part = lower_case(query.text("q").value_or(""));
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const Counts counts = count_models(scene_of(api));
  std::vector<Row<const GpuModel*>> rows;
  for (const GpuModel& model : api.catalogue.models())
    if ((!vendor || model.vendor == *vendor) &&
        any_contains(std::array<std::string_view, 3>{model.id.text, model.name, model.architecture}, part))
      rows.push_back({key_of(model, list.sort), model.id.text, &model});
  return tagged_json(request, write_page(std::move(rows), list, [&](JsonWriter& json, const GpuModel* model, const FieldSet& fields) {
                       write_model(json, api, *model, count_of(counts, model->id), fields, false);
                     }));
}

http::Response get_model(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const FieldSet fields = read_fields(query, model_fields);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ModelId id{path_value(request, "id")};
  const GpuModel* model = api.catalogue.find(id);
  if (model == nullptr)
    return problem_response({.code = ApiCode::model_not_found, .detail = fmt::format("cannot find GPU model '{}'", id.text)}, request);
  std::string body;
  JsonWriter json(body);
  write_model(json, api, *model, count_of(count_models(scene_of(api)), id), fields, true);
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes model_routes(Api& api) {
  return {{"GET", "/api/v1/models", now(api, list_models)}, {"GET", "/api/v1/models/{id}", now(api, get_model)}};
}

}  // namespace reeve::rest
