// Both APIs and /metrics over many made-up GPUs whose values change all the time, until standard input ends:
//   api_server <gpus> <node updates a second>      prints its address; bench/http_bench.sh asks it

#include <cstdio>
#include <iostream>
#include <thread>

#include "adapters/fleet_keeper/fleet_keeper.h"
#include "adapters/system/memory_job_board.h"
#include "adapters/system/random_ids.h"
#include "adapters/system/system_clock.h"
#include "adapters/system/worker_pool.h"
#include "base/parse.h"
#include "delivery/legacy/legacy_api.h"
#include "delivery/openmetrics/metrics_route.h"
#include "delivery/rest/api.h"
#include "net/http/server.h"
#include "testing/fake_views.h"
#include "testing/fleet_builder.h"
#include "testing/memory_fleet_store.h"
#include "testing/memory_metric_store.h"
#include "testing/small_cluster.h"

namespace reeve {
namespace {

constexpr int gpus_per_node = 8;
constexpr std::size_t backlog_max = 1000;

class IdleCollector final : public CollectControl, public CollectStatus {
 public:
  void collect_now(std::move_only_function<void(Status)> done) override { done(Done{}); }
  void set_paused(bool) override {}
  bool is_paused() const override { return false; }
  std::vector<TargetStatus> targets() const override { return {}; }
  std::optional<RoundStatus> last_round() const override { return std::nullopt; }
};

// A fleet of which half of the GPUs are held.
Fleet half_held(int nodes) {
  FleetDraft draft{make_fleet(nodes, gpus_per_node)};
  int n = 0;
  const auto start = std::make_shared<const Fleet>(draft.fleet());
  start->for_each_device([&](const DeviceView& view) {
    if (++n % 2 != 0) return;
    Allocation held = make_allocation("ALLOC-" + std::to_string(n), view.device->id.text);
    held.namespace_name = "ns" + std::to_string(n % 40);
    held.team_id = "team" + std::to_string(n % 20);
    held.cost_per_hour = MicroUsd(8'000'000);
    REEVE_CHECK(draft.put_allocation(std::move(held)).ok());
  });
  return *std::move(draft).finish();
}

std::shared_ptr<const NodeReadings> readings_of(const Node& node, Timestamp at, int round) {
  auto readings = std::make_shared<NodeReadings>();
  readings->at = at;
  for (const Device& device : node.devices) {
    DeviceReading reading{.id = device.id};
    reading.values.set(Metric::gpu_utilization, (round * 7 + device.index * 13) % 101);
    reading.values.set(Metric::gpu_temperature, 40 + (round + device.index) % 50);
    reading.values.set(Metric::power_usage, 200.0 + (round + device.index) % 300);
    readings->devices.push_back(std::move(reading));
  }
  return readings;
}

void keep_changing(FleetKeeper& keeper, const Clock& clock, int updates_per_second, const std::stop_token& stop) {
  for (int round = 0; !stop.stop_requested(); ++round) {
    const auto fleet = keeper.snapshot();
    const Node& node = *fleet->nodes()[static_cast<std::size_t>(round) % fleet->nodes().size()].node;
    keeper.publish_readings(node.name, readings_of(node, clock.now(), round));
    std::this_thread::sleep_for(std::chrono::microseconds(1'000'000 / updates_per_second));
  }
}

int run(int gpus, int updates_per_second) {
  MemoryFleetStore store;
  MemoryMetricStore metrics;
  const SystemClock clock;
  RandomIds ids;
  IdleCollector collector;
  const Catalogue catalogue = small_catalogue();
  const PriceList prices = default_price_list();
  const auto keeper = make_fleet_keeper(half_held(gpus / gpus_per_node), store);
  WorkerPool pool(2, backlog_max);
  FakeClusterView cluster;
  const FakeHoldingsView holdings;
  const FakeServingView serving;
  const legacy::LegacyApi api{
      *keeper, store, metrics, catalogue, prices, clock, ids, collector, collector, cluster, holdings, serving, [&](WorkerPool::Job job) {
        return pool.run(std::move(job));
      }};
  const MemoryJobBoard jobs;
  rest::Api rest_api{
      *keeper, store, metrics, catalogue, prices, clock, ids, collector, jobs, cluster, holdings, serving, [&](WorkerPool::Job job) {
        return pool.run(std::move(job));
      }};
  openmetrics::SelfMetrics self;
  const openmetrics::MetricsSource scraped{*keeper, clock, collector, self, rest_api.stale_after, rest_api.version, rest_api.run_blocking};
  std::vector<http::Route> routes = self.metered(rest::api_routes(rest_api));
  std::ranges::move(legacy::legacy_routes(api), std::back_inserter(routes));
  routes.push_back(openmetrics::metrics_route(scraped));
  const http::Router router(std::move(routes), rest::not_found_handler(), rest::method_not_allowed_handler());
  auto server = http::Server::start({}, [&](http::Request request, std::shared_ptr<http::Responder> responder) {
    router.handle(std::move(request), std::move(responder));
  });
  REEVE_CHECK(server.ok());
  const std::jthread changes([&](const std::stop_token& stop) { keep_changing(*keeper, clock, updates_per_second, stop); });
  std::printf("http://127.0.0.1:%d\n", (*server)->port());
  std::fflush(stdout);
  std::cin.get();
  return 0;
}

}  // namespace
}  // namespace reeve

int main(int argc, char** argv) {
  const int gpus = argc > 1 ? reeve::parse_number<int>(argv[1]).value_or(0) : 10'000;
  const int updates = argc > 2 ? reeve::parse_number<int>(argv[2]).value_or(0) : 50;
  if (gpus < 8 || updates < 1) return std::fprintf(stderr, "usage: api_server [gpus] [node updates a second]\n"), 2;
  return reeve::run(gpus, updates);
}
