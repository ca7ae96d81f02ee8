// GET /api/v1/cluster/namespaces

#include "delivery/rest/answer.h"
#include "delivery/rest/cluster_records.h"
#include "domain/cluster/pod_requests.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 5> sortable{"name", "created_at", "pods", "gpu_requests", "gpus_held"};

// Sums over the pods of one namespace.
struct NamespaceSums {
  std::size_t pods = 0;
  std::size_t running = 0;
  std::int64_t gpu_requests = 0;
  std::optional<cluster::Usage> usage{};
};

NamespaceSums sums_of(const cluster::Snapshot& snapshot, std::string_view name) {
  NamespaceSums sums;
  for (const auto& pod : snapshot.pods_in(name)) {
    ++sums.pods;
    if (pod->phase == cluster::PodPhase::running) ++sums.running;
    if (cluster::is_live(*pod)) sums.gpu_requests += rest::gpu_requests(*pod);
    const cluster::Usage* usage = snapshot.usage_of(*pod);
    if (usage == nullptr) continue;
    if (!sums.usage) sums.usage = cluster::Usage{};
    sums.usage->cpu += usage->cpu;
    sums.usage->memory += usage->memory;
    sums.usage->at = std::max(sums.usage->at, usage->at);
  }
  return sums;
}

struct Item {
  const cluster::Namespace* of = nullptr;
  std::optional<NamespaceSums> sums{};  // absent: pods are not known
  std::optional<std::size_t> held{};    // absent: nobody ever looked
};

SortKey key_of(const Item& item, const std::string& sort) {
  const auto number = [](auto value) { return SortKey{.number = static_cast<double>(value)}; };
  if (sort == "pods") return item.sums ? number(item.sums->pods) : SortKey{};
  if (sort == "gpu_requests") return item.sums ? number(item.sums->gpu_requests) : SortKey{};
  if (sort == "gpus_held") return item.held ? number(*item.held) : SortKey{};
  if (sort == "created_at") return item.of->meta.created_at ? number(item.of->meta.created_at->time_since_epoch().count()) : SortKey{};
  return {.text = item.of->meta.name};
}

void write_namespace(JsonWriter& json, const Item& shown, const FieldSet& fields) {
  ItemWriter item(json, fields);
  const auto& sums = shown.sums;
  item.field("name", shown.of->meta.name).text("phase", shown.of->phase).field("created_at", shown.of->meta.created_at);
  if (item.begin("labels")) write_labels(json, shown.of->meta.labels);
  item.field("pods", sums ? std::optional(sums->pods) : std::nullopt);
  item.field("pods_running", sums ? std::optional(sums->running) : std::nullopt);
  item.field("gpu_requests", sums ? std::optional(sums->gpu_requests) : std::nullopt).field("gpus_held", shown.held);
  if (item.begin("usage")) write_usage(json, sums && sums->usage ? &*sums->usage : nullptr);
  item.end();
}

http::Response list_namespaces(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, namespace_fields, sortable);
  const LabelFilter labels = LabelFilter::read(query);
  const std::string part = lower_case(query.text("q").value_or(""));
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ClusterScene scene = cluster_scene_of(api);
  const auto held = held_resources(*scene.report, [](const holding::Holding& holding) { return std::string_view(holding.namespace_name); });
  std::vector<Row<Item>> rows;
  for (const auto& found : scene.cluster->namespaces) {
    if (!labels.matches(found->meta.labels) || !any_contains(std::array<std::string_view, 1>{found->meta.name}, part)) continue;
    Item item{found.get()};
    if (scene.knows(cluster::Kind::pods)) item.sums = sums_of(*scene.cluster, found->meta.name);
    const auto holds = held.find(found->meta.name);
    if (scene.report->at) item.held = holds == held.end() ? 0 : holds->second;
    rows.push_back({key_of(item, list.sort), found->meta.name, item});
  }
  return tagged_json(request, write_page(std::move(rows), list, [](JsonWriter& json, const Item& item, const FieldSet& fields) {
                       write_namespace(json, item, fields);
                     }));
}

}  // namespace

Routes cluster_namespace_routes(Api& api) { return {{"GET", "/api/v1/cluster/namespaces", on_pool(api, list_namespaces)}}; }

}  // namespace reeve::rest
