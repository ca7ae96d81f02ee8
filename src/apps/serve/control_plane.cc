#include "apps/serve/control_plane.h"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "adapters/collect_loop/collect_loop.h"
#include "adapters/fleet_keeper/fleet_keeper.h"
#include "adapters/scraper/scraper.h"
#include "adapters/store_sql/sql_store.h"
#include "adapters/system/directory_lock.h"
#include "adapters/system/file_limit.h"
#include "adapters/system/memory_job_board.h"
#include "adapters/system/random_ids.h"
#include "adapters/system/system_clock.h"
#include "adapters/system/worker_pool.h"
#include "adapters/targets/target_files.h"
#include "apps/serve/cluster_access.h"
#include "apps/serve/cluster_notices.h"
#include "apps/serve/cluster_rounds.h"
#include "apps/serve/discovered_targets.h"
#include "apps/serve/housekeeping.h"
#include "apps/serve/metered_fleet_store.h"
#include "delivery/legacy/legacy_api.h"
#include "delivery/openmetrics/metrics_route.h"
#include "delivery/rest/api.h"
#include "delivery/web/web_routes.h"
#include "domain/health/thresholds.h"
#include "net/http/router.h"
#include "net/http/server.h"
#include "usecases/collect_metrics.h"
#include "usecases/reconcile_holders.h"

namespace reeve {
namespace {

constexpr int worker_threads = 2;                // as many slow reads at once; the disk is one
constexpr std::size_t worker_backlog_max = 512;  // more clients than this are told to come again

// What can fail before anything runs.
struct Foundation {
  std::unique_ptr<const Clock> clock;
  DirectoryLock lock;
  Catalogue catalogue;
  SqlStores stores;
  Fleet fleet;
  legacy::LocalZone zone;
  ClusterLink cluster;
  std::optional<Timestamp> alive_until;  // when a control plane last wrote here
};

Result<Foundation> lay_foundation(const ServeConfig& config) {
  auto zone = legacy::LocalZone::parse(config.time_zone);
  if (!zone) return zone.error();
  auto catalogue = load_catalogue({.models = config.catalogue_file,
                                   .gpu_instance_profiles = config.mig_profile_file,
                                   .compute_instance_profiles = config.mig_compute_profile_file});
  if (!catalogue) return catalogue.error();
  for (const auto& [model, price] : config.prices)
    if (catalogue->find(model) == nullptr)
      return Error{Errc::invalid_argument,
                   fmt::format("cannot use the price of '{}': there is no such GPU model in the catalogue", model.text)};
  auto lock = DirectoryLock::take(config.data_dir);
  if (!lock) return lock.error();
  const auto alive_until = last_written(config.data_dir);
  auto stores = open_sql_store({.directory = config.data_dir}, *catalogue);
  if (!stores) return stores.error();
  auto fleet = stores->fleet->load();
  if (!fleet) return fleet.error();
  auto clock = std::make_unique<const SystemClock>();
  auto cluster = link_cluster(config.kubernetes, *clock);
  if (!cluster) return cluster.error();
  return Foundation{std::move(clock),    std::move(*lock), std::move(*catalogue), std::move(*stores), std::move(*fleet), *zone,
                    std::move(*cluster), alive_until};
}

// Members stand in the order in which they need each other: what is destroyed first is at the end.
class RunningPlane final : public ControlPlane {
 public:
  RunningPlane(const ServeConfig& config, Foundation foundation)
      : config_(config),
        foundation_(std::move(foundation)),
        prices_(price_list_of(config)),
        store_(*foundation_.stores.fleet, self_.store_commits()),
        keeper_(make_fleet_keeper(std::move(foundation_.fleet), store_)),
        metrics_(*foundation_.stores.metrics),
        holders_({*keeper_, store_, *foundation_.cluster.view, foundation_.catalogue, prices_, clock_}, holders_options(config),
                 [this](std::span<const holding::Conflict> conflicts) {
                   if (notices_) notices_->tell(conflicts);
                 }),
        cluster_rounds_(config, *foundation_.cluster.view, metrics_, clock_),
        targets_(config.targets, config.target_files, config.cluster),
        scraper_(make_scraper(clock_)),
        collector_(CollectContext{clock_, *scraper_, *keeper_, metrics_, foundation_.catalogue}, config.collect_interval),
        housekeeping_(allocation_context(), metrics_, config.retention),
        loop_(config.collect_interval, {.round = [this] { run_round(); }, .interrupt = [this] { scraper_->stop(); }}),
        workers_(worker_threads, worker_backlog_max),
        api_(make_api()) {
    if (foundation_.cluster.credentials) notices_.emplace(foundation_.cluster.credentials, *foundation_.cluster.view, clock_);
    cluster_changes_ = foundation_.cluster.view->subscribe([this](const auto&) {
      workers_.run([this] { holders_.cluster_changed(); });  // may wait for the disk; when too much waits, the next round sees it
    });
  }

  ~RunningPlane() override {
    server_.reset();  // no new requests
    workers_.stop();  // no slow read in progress
    router_.reset();  // nor what the routes run by themselves
    cluster_changes_.reset();
    loop_.stop();
    cluster_rounds_.stop();
  }

  Status listen() {
    router_.emplace(make_router());
    http::ServerOptions options;
    options.address = config_.listen.host;
    options.port = config_.listen.port;
    options.threads = config_.http_threads;
    auto server = http::Server::start(options, [this](http::Request request, std::shared_ptr<http::Responder> responder) {
      router_->handle(std::move(request), std::move(responder));
    });
    if (!server) return server.error();
    server_ = std::move(*server);
    return Done{};
  }

  std::uint16_t port() const override { return server_->port(); }
  FleetKeeper& keeper() override { return *keeper_; }
  MetricStore& metrics() override { return metrics_; }
  JobBoard& jobs() override { return jobs_; }
  CollectControl& collector() override { return loop_; }
  AllocationContext allocations() override { return allocation_context(); }

 private:
  static PriceList price_list_of(const ServeConfig& config) {
    std::map<ModelId, MicroUsd> prices = default_prices();
    for (const auto& [model, price] : config.prices) prices.insert_or_assign(model, price);
    return {std::move(prices), config.mig_discount};
  }

  HoldersOptions holders_options(const ServeConfig& config) const {
    HoldersOptions options;
    options.join.stale_after = stale_after();
    options.join.grace = config.collect_interval * 2;
    options.join.owners = config.kubernetes.owners;
    options.alive_until = foundation_.alive_until;
    return options;
  }

  AllocationContext allocation_context() {
    return {*keeper_, store_, foundation_.catalogue, prices_, clock_, ids_, stale_after(), &holders_};
  }
  Milliseconds stale_after() const { return config_.collect_interval * health::stale_after_rounds; }

  void run_round() {
    TargetList targets = targets_.current();
    if (config_.kubernetes.discover_targets)
      targets = with_discovered(std::move(targets), *foundation_.cluster.view->snapshot(), config_.cluster);
    report_store(collector_.collect(targets, config_.collect_deadline).store_error);
    holders_.run();
    housekeeping_.run();
  }

  // Once when it begins and once when it is over, not each round.
  void report_store(const std::string& error) {
    if (error.empty() && !store_error_.empty()) fmt::print(stderr, "reeve: samples are kept again\n");
    if (!error.empty() && error != store_error_) fmt::print(stderr, "reeve: {}\n", error);
    store_error_ = error;
  }

  std::string cluster_name() const {
    const auto& credentials = foundation_.cluster.credentials;
    return config_.cluster.empty() && credentials ? credentials->access().name : config_.cluster;
  }

  rest::Api make_api() {
    return {.keeper = *keeper_,
            .store = store_,
            .metrics = metrics_,
            .catalogue = foundation_.catalogue,
            .prices = prices_,
            .clock = clock_,
            .ids = ids_,
            .collect = collector_,
            .jobs = jobs_,
            .cluster = *foundation_.cluster.view,
            .holdings = holders_,
            .serving = cluster_rounds_.serving(),
            .run_blocking = [this](WorkerPool::Job job) { return workers_.run(std::move(job)); },
            .stale_after = stale_after(),
            .version = REEVE_VERSION,
            .cluster_name = cluster_name()};
  }

  legacy::LegacyApi make_legacy_api() {
    return {.keeper = *keeper_,
            .store = store_,
            .metrics = metrics_,
            .catalogue = foundation_.catalogue,
            .prices = prices_,
            .clock = clock_,
            .ids = ids_,
            .collector = loop_,
            .collect_status = collector_,
            .cluster = *foundation_.cluster.view,
            .holdings = holders_,
            .serving = cluster_rounds_.serving(),
            .run_slow = [this](WorkerPool::Job job) { return workers_.run(std::move(job)); },
            .options = {.zone = foundation_.zone,
                        .collection_interval = config_.collect_interval,
                        .metrics_retention = std::chrono::duration_cast<std::chrono::days>(config_.retention)}};
  }

  http::Router make_router();

  const ServeConfig config_;
  RandomIds ids_;
  Foundation foundation_;
  const Clock& clock_ = *foundation_.clock;
  PriceList prices_;
  openmetrics::SelfMetrics self_;
  MeteredFleetStore store_;
  std::unique_ptr<FleetKeeper> keeper_;
  MetricStore& metrics_;
  MemoryJobBoard jobs_;
  std::optional<ClusterNotices> notices_;
  HolderReconciler holders_;
  ClusterRounds cluster_rounds_;
  TargetFiles targets_;
  std::unique_ptr<Scraper> scraper_;
  MetricsCollector collector_;
  Housekeeping housekeeping_;
  std::string store_error_{};  // of the last round; of the collector's thread
  CollectLoop loop_;
  WorkerPool workers_;
  rest::Api api_;
  std::shared_ptr<void> cluster_changes_{};
  std::optional<http::Router> router_;
  std::unique_ptr<http::Server> server_;
};

http::Router RunningPlane::make_router() {
  std::vector<http::Route> routes = rest::api_routes(api_);
  const legacy::LegacyApi legacy_api = make_legacy_api();
  std::ranges::move(rest::system_routes(api_), std::back_inserter(routes));
  std::ranges::move(legacy::legacy_routes(legacy_api), std::back_inserter(routes));
  routes.push_back(openmetrics::metrics_route({.keeper = *keeper_,
                                               .clock = clock_,
                                               .collect = collector_,
                                               .self = self_,
                                               .stale_after = api_.stale_after,
                                               .version = api_.version,
                                               .run_blocking = api_.run_blocking,
                                               .serving = &cluster_rounds_.serving()}));
  std::ranges::move(web::web_routes(), std::back_inserter(routes));
  // Old paths are refused in the old way, all others with problem details; a browser gets the dashboard.
  const auto by_age = [](http::Handler old_way, http::Handler new_way) -> http::Handler {
    return [old_way = std::move(old_way), new_way = std::move(new_way)](http::Request request, std::shared_ptr<http::Responder> responder) {
      (legacy::is_legacy_path(request.path) ? old_way : new_way)(std::move(request), std::move(responder));
    };
  };
  return http::Router(self_.metered(std::move(routes)),
                      by_age(legacy::legacy_not_found(legacy_api), web::page_or(rest::not_found_handler())),
                      by_age(legacy::legacy_method_not_allowed(legacy_api), rest::method_not_allowed_handler()));
}

}  // namespace

Result<std::unique_ptr<ControlPlane>> ControlPlane::start(const ServeConfig& config) {
  raise_file_limit();
  auto foundation = lay_foundation(config);
  if (!foundation) return foundation.error();
  auto plane = std::make_unique<RunningPlane>(config, std::move(*foundation));
  if (const Status listening = plane->listen(); !listening) return listening.error();
  return std::unique_ptr<ControlPlane>(std::move(plane));
}

}  // namespace reeve
