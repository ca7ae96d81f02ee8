// The REST API on any request: "<method> <target>\n<body>". It never answers 500, and all that it says in
// JSON is JSON.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "codec/json_parse.h"
#include "delivery/rest/api.h"
#include "net/http/target.h"
#include "testing/fake_clock.h"
#include "testing/fake_ids.h"
#include "testing/fake_views.h"
#include "testing/http_probe.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"
#include "testing/small_cluster.h"

namespace reeve {
namespace {

constexpr int requests_per_world = 500;  // what requests create is thrown away now and then

class NoStatus final : public CollectStatus {
 public:
  std::vector<TargetStatus> targets() const override { return {}; }
  std::optional<RoundStatus> last_round() const override { return std::nullopt; }
};

class NoJobs final : public JobBoard {
 public:
  void update(Job) override {}
  std::vector<Job> list() const override { return {}; }
  std::uint64_t version() const override { return 0; }
};

// Something of each kind, so that filters have what to look at.
cluster::Snapshot cluster_of(Timestamp now) {
  cluster::Snapshot snapshot{.server_version = "v1.37.2"};
  for (auto& kind : snapshot.kinds) kind = {.state = cluster::KindState::live, .synced_at = now};
  for (const char* name : {"a", "b", "c"}) {
    cluster::Pod pod{.node = NodeName{"gpu-a"}, .phase = cluster::PodPhase::running};
    pod.meta.namespace_name = "ml";
    pod.meta.name = name;
    pod.meta.labels = {{"app", name}};
    pod.containers.push_back({.name = "main", .requests = {{"nvidia.com/gpu", cluster::Quantity::of(1)}}});
    snapshot.pods_of_node[pod.node].push_back(static_cast<std::uint32_t>(snapshot.pods.size()));
    snapshot.pods.push_back(std::make_shared<const cluster::Pod>(std::move(pod)));
  }
  cluster::Node node{.conditions = {{.type = "Ready", .status = "True"}}};
  node.meta.name = "gpu-a";
  snapshot.nodes.push_back(std::make_shared<const cluster::Node>(std::move(node)));
  cluster::Namespace space{.phase = "Active"};
  space.meta.name = "ml";
  snapshot.namespaces.push_back(std::make_shared<const cluster::Namespace>(std::move(space)));
  return snapshot;
}

holding::Report report_of(Timestamp now) {
  holding::Report report{.at = now};
  report.holdings.push_back({.resource = "gpu-a-GPU-00", .node = NodeName{"gpu-a"}, .namespace_name = "ml", .pod = "a", .replica = 1});
  report.conflicts.push_back({.resource = "gpu-a-GPU-00", .node = NodeName{"gpu-a"}, .evidence = {{.pod = "b"}}, .detail = "two say so"});
  report.unplaced.push_back({.node = NodeName{"gpu-a"}, .why = "no such GPU"});
  return report;
}

struct World {
  World() {
    cluster.set(cluster_of(clock.now()));
    holdings.set(report_of(clock.now()));
    serving.set({{.namespace_name = "ml", .pod = "a", .served_model = "m", .at = clock.now()}});
  }

  FakeClock clock{};
  FakeIds ids{};
  KeptFleet keeper{small_cluster(clock.now())};
  MemoryMetricStore metrics{};
  Catalogue catalogue = small_catalogue();
  PriceList prices = default_price_list();
  NoStatus status{};
  NoJobs jobs{};
  FakeClusterView cluster{};
  FakeHoldingsView holdings{};
  FakeServingView serving{};
  rest::Api api{keeper,
                keeper.store,
                metrics,
                catalogue,
                prices,
                clock,
                ids,
                status,
                jobs,
                cluster,
                holdings,
                serving,
                [](std::move_only_function<void()> work) { return work(), true; }};
  http::Router router{rest::api_routes(api), rest::not_found_handler(), rest::method_not_allowed_handler()};
};

World& world() {
  static std::unique_ptr<World> current;
  static int asked = 0;
  if (asked++ % requests_per_world == 0) {
    current.reset();
    current = std::make_unique<World>();
  }
  return *current;
}

void ask(std::string_view method, std::string_view target_text, std::string_view body) {
  // The server's parser lets tokens through only.
  if (!std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; })) return;
  auto target = http::parse_target(target_text);
  if (!target) return;
  REEVE_CHECK(target->path.starts_with('/') && is_utf8(target->path));
  http::Request request{.method = std::string(method)};
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  request.headers.emplace("Content-Type", "application/json");
  request.body = body;
  const http::Response response = probe(std::bind_front(&http::Router::handle, &world().router), std::move(request));
  REEVE_CHECK(response.status >= 200 && response.status < 500);
  if (header_of(response, "Content-Type").find("json") != std::string::npos) REEVE_CHECK(parse_json(body_of(response)).ok());
}

}  // namespace
}  // namespace reeve

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto blank = text.find(' ');
  const auto line_end = text.find('\n');
  if (blank == std::string_view::npos || line_end == std::string_view::npos || blank > line_end) return 0;
  reeve::ask(text.substr(0, blank), text.substr(blank + 1, line_end - blank - 1), text.substr(line_end + 1));
  return 0;
}
