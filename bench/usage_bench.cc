// resources/usage of the old API over 1,000 nodes of 8 GPUs and 20,000 serving pods: what making it costs, and how fast it answers
// over a socket while 500 pods change a second.
//   usage_bench [pods] [requests]

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "adapters/system/random_ids.h"
#include "adapters/system/system_clock.h"
#include "adapters/system/worker_pool.h"
#include "base/parse.h"
#include "delivery/legacy/cluster_facts.h"
#include "delivery/legacy/legacy_api.h"
#include "delivery/legacy/usage_document.h"
#include "net/http/server.h"
#include "testing/fake_collector.h"
#include "testing/fake_views.h"
#include "testing/fleet_builder.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"
#include "testing/small_cluster.h"

namespace reeve {
namespace {

constexpr int nodes_count = 1'000;
constexpr int gpus_per_node = 8;
constexpr int changes_per_round = 100;
constexpr auto round_time = std::chrono::milliseconds(200);  // as often as the real view publishes

// The view of a cluster that another thread changes.
class ChangingCluster final : public ClusterView {
 public:
  std::shared_ptr<const cluster::Snapshot> snapshot() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  std::shared_ptr<void> subscribe(Listener listener) override {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::make_shared<Listener>(std::move(listener)));
    return listeners_.back();
  }
  void set(cluster::Snapshot next) {
    std::vector<std::shared_ptr<Listener>> called;
    const auto made = std::make_shared<const cluster::Snapshot>(std::move(next));
    {
      const std::lock_guard lock(mutex_);
      now_ = made;
      called = listeners_;
    }
    for (const auto& listener : called) (*listener)(made);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const cluster::Snapshot> now_ = std::make_shared<const cluster::Snapshot>();
  std::vector<std::shared_ptr<Listener>> listeners_;
};

std::string node_name(int n) { return "n" + std::to_string(n + 1); }

cluster::PodPtr pod_of(int n, int version) {
  auto pod = std::make_shared<cluster::Pod>();
  pod->meta.namespace_name = fmt::format("serving-{:02}", n % 40);
  pod->meta.name = fmt::format("vllm-llama-{:05}-7d4b9c6f5-x2x7q", n);
  pod->meta.labels = {{"app", "vllm"}, {"model", "llama2-7b"}, {"pod-template-hash", "7d4b9c6f5"}, {"version", "v1"}};
  pod->meta.annotations = {{"prometheus.io/scrape", "true"}};
  pod->meta.created_at = Timestamp(std::chrono::hours(490'000));
  pod->node = NodeName{node_name(n % nodes_count)};
  pod->phase = cluster::PodPhase::running;
  pod->ready = true;
  const auto amounts = [&](int cores) {
    return cluster::ResourceList{{"cpu", cluster::Quantity::of(cores)},
                                 {"memory", cluster::Quantity::of(std::int64_t(cores) << 32)},
                                 {"nvidia.com/gpu", cluster::Quantity::of(1)}};
  };
  pod->containers = {{.name = "vllm", .requests = amounts(4), .limits = amounts(8), .state = cluster::ContainerState::running}};
  pod->containers.front().restarts = version;
  return pod;
}

cluster::Snapshot first_snapshot(int pods) {
  cluster::Snapshot snapshot;
  snapshot.kinds.fill({.state = cluster::KindState::live, .synced_at = Timestamp()});
  for (int n = 0; n < pods; ++n) snapshot.pods.push_back(pod_of(n, 0));
  std::ranges::sort(snapshot.pods, {}, [](const auto& pod) { return std::tie(pod->meta.namespace_name, pod->meta.name); });
  for (std::uint32_t i = 0; i < snapshot.pods.size(); ++i) snapshot.pods_of_node[snapshot.pods[i]->node].push_back(i);
  for (int n = 0; n < nodes_count; ++n) {
    auto node = std::make_shared<cluster::Node>();
    node->meta.name = node_name(n);
    node->meta.labels = {{"kubernetes.io/hostname", node_name(n)}, {"nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3"}};
    node->capacity = {{"cpu", cluster::Quantity::of(128)},
                      {"ephemeral-storage", cluster::Quantity::of(std::int64_t(1) << 40)},
                      {"memory", cluster::Quantity::of(std::int64_t(1) << 41)},
                      {"nvidia.com/gpu", cluster::Quantity::of(gpus_per_node)}};
    node->allocatable = node->capacity;
    node->conditions = {{.type = "Ready", .status = "True"}};
    snapshot.nodes.push_back(std::move(node));
  }
  std::ranges::sort(snapshot.nodes, {}, [](const auto& node) { return node->meta.name; });
  return snapshot;
}

void poll_usage(cluster::Snapshot& snapshot, int round) {
  auto pods = std::make_shared<cluster::UsageByPod>();
  for (std::size_t i = 0; i < snapshot.pods.size(); ++i)
    (*pods)[cluster::pod_key(snapshot.pods[i]->meta.namespace_name, snapshot.pods[i]->meta.name)] = {
        .cpu = cluster::Quantity::of_milli(static_cast<std::int64_t>(i * 7 + static_cast<std::size_t>(round) * 31) % 8'100),
        .memory = cluster::Quantity::of(static_cast<std::int64_t>(i % 30 + 1) << 30)};
  auto nodes = std::make_shared<cluster::UsageByNode>();
  for (const auto& node : snapshot.nodes) (*nodes)[NodeName{node->meta.name}] = {.cpu = cluster::Quantity::of(40 + round % 9)};
  snapshot.pod_usage = std::move(pods);
  snapshot.node_usage = std::move(nodes);
}

void change_pods(cluster::Snapshot& snapshot, int round) {
  for (int i = 0; i < changes_per_round; ++i) {
    auto& pod = snapshot.pods[static_cast<std::size_t>(round * changes_per_round + i) * 37 % snapshot.pods.size()];
    auto changed = std::make_shared<cluster::Pod>(*pod);
    ++changed->containers.front().restarts;
    pod = std::move(changed);
  }
}

holding::Report holdings(const cluster::Snapshot& snapshot) {
  holding::Report report{.at = Timestamp()};
  for (int n = 0; n < nodes_count; ++n)
    for (int g = 0; g < gpus_per_node; ++g) {
      const auto& on_node = snapshot.pods_of_node.at(NodeName{node_name(n)});
      if (static_cast<std::size_t>(g) >= on_node.size()) continue;
      const cluster::Pod& pod = *snapshot.pods[on_node[static_cast<std::size_t>(g)]];
      report.holdings.push_back({.resource = device_id(NodeName{node_name(n)}, g).text,
                                 .namespace_name = pod.meta.namespace_name,
                                 .pod = pod.meta.name,
                                 .container = "vllm"});
    }
  std::ranges::sort(report.holdings, {}, &holding::Holding::resource);
  return report;
}

double cpu_ms() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Bench {
  explicit Bench(int pods) : keeper(make_fleet(nodes_count, gpus_per_node)) {
    cluster::Snapshot first = first_snapshot(pods);
    poll_usage(first, 0);
    holders.set(holdings(first));
    const auto fleet = keeper.snapshot();
    for (const NodeView& node : fleet->nodes()) {
      auto readings = std::make_shared<NodeReadings>();
      readings->at = clock.now();
      for (const Device& device : node.node->devices) readings->devices.push_back({.id = device.id});
      for (DeviceReading& device : readings->devices) device.values.set(Metric::gpu_utilization, 50);
      keeper.publish_readings(node.node->name, std::move(readings));
    }
    cluster.set(std::move(first));
  }

  MemoryMetricStore metrics{};
  SystemClock clock{};
  RandomIds ids{};
  FakeCollector collector{};
  Catalogue catalogue = small_catalogue();
  PriceList prices = default_price_list();
  KeptFleet keeper;
  ChangingCluster cluster{};
  FakeHoldingsView holders{};
  FakeServingView serving{};
  WorkerPool pool{2, 1000};
  legacy::LegacyApi api{keeper,
                        keeper.store,
                        metrics,
                        catalogue,
                        prices,
                        clock,
                        ids,
                        collector,
                        collector,
                        cluster,
                        holders,
                        serving,
                        [this](WorkerPool::Job job) { return pool.run(std::move(job)); }};
};

// CPU milliseconds of one thread: the facts, then the document.
void measure_making(Bench& bench) {
  std::shared_ptr<const legacy::ClusterFacts> facts;
  std::shared_ptr<const legacy::UsageDocument> document;
  const auto make = [&](const char* what) {
    const double start = cpu_ms();
    const legacy::Moment moment(bench.api);
    facts = legacy::gather_facts(moment, facts.get());
    const double gathered = cpu_ms();
    document = legacy::write_usage(facts, document.get(), bench.api.options.zone);
    std::printf("%-34s facts %6.1f ms, document %6.1f ms\n", what, gathered - start, cpu_ms() - gathered);
  };
  make("from nothing");
  std::printf("%-34s %.1f MB\n", "body", static_cast<double>(document->body->size()) / 1e6);
  for (int round = 1; round <= 3; ++round) {
    cluster::Snapshot next = *bench.cluster.snapshot();
    change_pods(next, round);
    bench.cluster.set(std::move(next));
    make("100 pods changed");
  }
  for (int round = 1; round <= 3; ++round) {
    cluster::Snapshot next = *bench.cluster.snapshot();
    poll_usage(next, round);
    bench.cluster.set(std::move(next));
    make("usage of all pods and nodes changed");
  }
}

void keep_changing(Bench& bench, const std::stop_token& stop) {
  for (int round = 1; !stop.stop_requested(); ++round) {
    cluster::Snapshot next = *bench.cluster.snapshot();
    change_pods(next, round);
    if (round % 75 == 0) poll_usage(next, round);
    bench.cluster.set(std::move(next));
    std::this_thread::sleep_for(round_time);
  }
}

struct Answered {
  double first_ms = 0;  // until it begins
  double whole_ms = 0;  // until it has been read
};

// On a connection that is kept.
class Reader {
 public:
  explicit Reader(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REEVE_CHECK(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Reader() { close(socket_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Answered ask() {
    const auto start = std::chrono::steady_clock::now();
    const std::string_view request = "GET /k8s-monitor/api/v1/resources/usage HTTP/1.1\r\nHost: x\r\n\r\n";
    REEVE_CHECK(send(socket_, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
    const auto passed = [&] { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count(); };
    Answered answered;
    std::string head;
    std::size_t left = 1;
    for (bool in_body = false; !in_body || left > 0;) {
      const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
      REEVE_CHECK(got > 0);
      if (head.empty()) answered.first_ms = passed();
      if (in_body) {
        left -= static_cast<std::size_t>(got);
        continue;
      }
      head.append(buffer_.data(), static_cast<std::size_t>(got));
      const std::size_t end = head.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      in_body = true;
      REEVE_CHECK(head.starts_with("HTTP/1.1 200"));
      left = std::strtoull(head.c_str() + head.find("Content-Length: ") + 16, nullptr, 10) - (head.size() - end - 4);
    }
    answered.whole_ms = passed();
    return answered;
  }

 private:
  int socket_;
  std::vector<char> buffer_ = std::vector<char>(1 << 20);
};

void print_times(const char* what, std::vector<double> times) {
  std::ranges::sort(times);
  const auto at = [&](double share) { return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))]; };
  std::printf("%-34s p50 %.1f ms, p99 %.1f ms, max %.1f ms (%zu requests)\n", what, at(0.5), at(0.99), times.back(), times.size());
}

void measure_answering(Bench& bench, int requests) {
  const http::Router router(legacy::legacy_routes(bench.api), legacy::legacy_not_found(bench.api),
                            legacy::legacy_method_not_allowed(bench.api));
  auto server = http::Server::start({}, [&](http::Request request, std::shared_ptr<http::Responder> responder) {
    router.handle(std::move(request), std::move(responder));
  });
  REEVE_CHECK(server.ok());
  Reader reader((*server)->port());
  reader.ask();  // waits until there is a document
  const auto measure = [&](const char* what) {
    std::vector<double> first;
    std::vector<double> whole;
    for (int i = 0; i < requests; ++i) {
      const Answered answered = reader.ask();
      first.push_back(answered.first_ms);
      whole.push_back(answered.whole_ms);
      std::this_thread::sleep_for(std::chrono::milliseconds(43));
    }
    std::printf("%s\n", what);
    print_times("  begins after", std::move(first));
    print_times("  read whole after", std::move(whole));
  };
  measure("answered, at rest");
  const std::jthread changes([&](const std::stop_token& stop) { keep_changing(bench, stop); });
  measure("answered, 500 changes a second");
}

}  // namespace
}  // namespace reeve

int main(int argc, char** argv) {
  const int pods = argc > 1 ? reeve::parse_number<int>(argv[1]).value_or(0) : 20'000;
  const int requests = argc > 2 ? reeve::parse_number<int>(argv[2]).value_or(0) : 200;
  if (pods < 1'000 || requests < 1) return std::fprintf(stderr, "usage: usage_bench [pods] [requests]\n"), 2;
  reeve::Bench bench(pods);
  reeve::measure_making(bench);
  reeve::measure_answering(bench, requests);
  return 0;
}
