#include "adapters/serving_scraper/serving_scraper.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "adapters/serving_scraper/serving_fetch.h"
#include "domain/cluster/pod_requests.h"
#include "domain/metrics/resource_key.h"
#include "domain/serving/meter.h"

namespace reeve {
namespace {

using serving::Server;
using SteadyClock = std::chrono::steady_clock;

// A server may rename its model, but not fill the history with names.
constexpr int renames_max = 8;
constexpr std::size_t groups_max = 2'000;
constexpr int idle_rounds_max = 120;  // an hour of the usual rounds: then the totals of a model without servers are forgotten

// What is remembered of a pod between rounds.
struct Known {
  serving::Meter meter{};
  std::string served_model{};  // as it called the model last
  std::optional<serving::Engine> engine{};
  std::optional<Timestamp> at{};
  std::string last_error{};
  int failures = 0;  // in a row
  int renames = 0;
  bool is_present = false;  // in the round

  bool has_values(int kept_rounds) const { return at && failures <= kept_rounds; }
};

// A recognised pod in a round.
struct Asked {
  const cluster::Pod* pod = nullptr;
  serving::Identity identity{};
  Known* known = nullptr;
  std::optional<Result<serving::Figures>> answer{};  // absent: it was not asked
  Timestamp answered_at{};
};

// The servers of one model, or of one engine.
struct Group {
  serving::Together together{};
  int idle_rounds = 0;
  bool has_news = false;
};

// Why there is no use in asking; empty: there is.
std::string why_not_to_ask(const cluster::Pod& pod, const std::string& name) {
  if (pod.phase != cluster::PodPhase::running) return fmt::format("cannot ask the server: the pod is {}", to_text(pod.phase));
  const auto container = std::ranges::find(pod.containers, name, &cluster::Container::name);
  if (container != pod.containers.end() && container->state && *container->state != cluster::ContainerState::running)
    return fmt::format("cannot ask the server: container '{}' is {}{}{}", name, to_text(*container->state),
                       container->reason.empty() ? "" : ": ", container->reason);
  return pod.ip.empty() ? "cannot ask the server: the pod has no address" : "";
}

// Whole seconds are of usecases/record_cluster_usage, which writes of engines too: one sample would replace the other.
Timestamp off_whole_seconds(Timestamp at) { return at == std::chrono::floor<std::chrono::seconds>(at) ? at + Milliseconds(1) : at; }

class HttpServingScraper final : public ServingScraper {
 public:
  HttpServingScraper(const ClusterView& cluster, MetricStore& store, const Clock& clock, ServingScraperOptions options)
      : cluster_(cluster), store_(store), clock_(clock), options_(std::move(options)), servers_(std::make_shared<const Servers>()) {}

  std::shared_ptr<const Servers> servers() const override { return std::atomic_load(&servers_); }
  void stop() override { stopped_ = true; }
  ServingRound scrape(Milliseconds deadline) override;

 private:
  std::vector<Asked> recognise_all(const cluster::Snapshot& snapshot);
  void ask_all(std::vector<Asked>& asked, SteadyClock::time_point end) const;
  void ask(Asked& one, SteadyClock::time_point end) const;
  Server told(const Asked& one) const;
  std::vector<Sample> samples_of(const std::vector<Asked>& asked, Timestamp at);
  void add_to_groups(const Known& known, const std::string& model);
  void take_groups(Timestamp at, std::vector<Sample>& samples);

  const ClusterView& cluster_;
  MetricStore& store_;
  const Clock& clock_;
  const ServingScraperOptions options_;
  std::atomic<bool> stopped_ = false;
  std::unordered_map<std::string, Known> known_{};  // by the pod's uid
  std::map<std::string, Group> groups_{};           // by key of the MetricStore
  std::shared_ptr<const Servers> servers_;          // exchanged whole, atomically
};

void rename(Known& known, const std::string& model) {
  if (model.empty() || model == known.served_model || known.renames >= renames_max) return;
  known.served_model = model;
  ++known.renames;
}

void hear(const Asked& one, ServingRound& round) {
  Known& known = *one.known;
  if (one.answer && *one.answer) {
    const serving::Figures& figures = one.answer->value();
    known.meter.look(one.answered_at, figures);
    known.at = one.answered_at;
    known.engine = figures.engine;
    known.failures = 0;
    rename(known, figures.served_model);
    ++round.answered;
    return;
  }
  ++known.failures;
  if (!one.answer) return;
  known.last_error = one.answer->error().message;
  ++round.failed;
}

ServingRound HttpServingScraper::scrape(Milliseconds deadline) {
  const auto begin = SteadyClock::now();
  ServingRound round{.started_at = clock_.now()};
  const auto snapshot = cluster_.snapshot();
  std::vector<Asked> asked = recognise_all(*snapshot);
  ask_all(asked, begin + deadline);
  auto servers = std::make_shared<Servers>();
  for (const Asked& one : asked) {
    hear(one, round);
    servers->push_back(told(one));
  }
  round.servers = asked.size();
  std::atomic_store(&servers_, std::shared_ptr<const Servers>(std::move(servers)));
  const std::vector<Sample> samples = samples_of(asked, off_whole_seconds(round.started_at));
  round.samples = samples.size();
  if (const Status kept = samples.empty() ? Status(Done{}) : store_.append(samples); !kept) round.store_error = kept.error().message;
  round.duration = std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - begin);
  return round;
}

// By namespace and name, as the snapshot is. Forgets the pods that are gone.
std::vector<Asked> HttpServingScraper::recognise_all(const cluster::Snapshot& snapshot) {
  for (auto& [uid, known] : known_) known.is_present = false;
  std::vector<Asked> asked;
  for (const cluster::PodPtr& pod : snapshot.pods) {
    if (!cluster::is_live(*pod)) continue;
    auto identity = serving::recognise(*pod, options_.rules);
    if (!identity) continue;
    Known& known = known_[pod->meta.uid];
    known.is_present = true;
    asked.push_back({.pod = pod.get(), .identity = std::move(*identity), .known = &known});
  }
  std::erase_if(known_, [](const auto& entry) { return !entry.second.is_present; });
  return asked;
}

void HttpServingScraper::ask_all(std::vector<Asked>& asked, SteadyClock::time_point end) const {
  std::vector<Asked*> waiting;
  for (Asked& one : asked) {
    one.known->last_error = why_not_to_ask(*one.pod, one.identity.container);
    if (one.known->last_error.empty()) waiting.push_back(&one);
  }
  std::ranges::stable_partition(waiting, [](const Asked* one) { return one->known->failures == 0; });
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i; (i = next++) < waiting.size();) ask(*waiting[i], end);
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(options_.threads_max, waiting.size()); ++i) threads.emplace_back(work);
  work();
}

// Touches nothing but `one`: others are asked at the same time.
void HttpServingScraper::ask(Asked& one, SteadyClock::time_point end) const {
  const auto left = std::chrono::duration_cast<Milliseconds>(end - SteadyClock::now());
  if (stopped_ || left <= Milliseconds(0)) {
    one.answer =
        Error{Errc::timed_out, fmt::format("cannot ask the server: {}", stopped_ ? "Reeve stops" : "the round ended before its turn")};
    return;
  }
  one.answer = serving_scraper::look_at({one.pod->ip, one.identity}, std::min(options_.timeout, left), options_.body_bytes_max);
  one.answered_at = clock_.now();
}

Server HttpServingScraper::told(const Asked& one) const {
  const Known& known = *one.known;
  Server server{.namespace_name = one.pod->meta.namespace_name,
                .pod = one.pod->meta.name,
                .identity = one.identity,
                .served_model = known.served_model,
                .at = known.at,
                .last_error = known.last_error};
  if (server.served_model.empty())
    server.served_model = one.identity.served_name.empty() ? one.identity.model_name : one.identity.served_name;
  if (known.has_values(options_.kept_rounds)) server.values = known.meter.values();
  return server;
}

std::vector<Sample> HttpServingScraper::samples_of(const std::vector<Asked>& asked, Timestamp at) {
  for (auto& [key, group] : groups_) {
    group.together.begin_round();
    group.has_news = false;
  }
  std::vector<Sample> samples;
  for (const Asked& one : asked) {
    const Known& known = *one.known;
    if (!known.has_values(options_.kept_rounds)) continue;
    if (known.failures == 0)
      samples.push_back({resource_key::pod(one.pod->meta.namespace_name, one.pod->meta.name), at, metric_values(known.meter.values())});
    add_to_groups(known, told(one).served_model);
  }
  take_groups(at, samples);
  return samples;
}

void HttpServingScraper::add_to_groups(const Known& known, const std::string& model) {
  const bool is_news = known.failures == 0;
  std::vector<std::string> keys{resource_key::engine(to_text(*known.engine))};
  if (!model.empty()) keys.push_back(resource_key::served_model(model));
  for (const std::string& key : keys) {
    if (groups_.size() >= groups_max && !groups_.contains(key)) continue;
    Group& group = groups_[key];
    group.together.add(known.meter.values(), is_news && known.meter.gain() ? &*known.meter.gain() : nullptr);
    group.has_news = group.has_news || is_news;
  }
}

// Those that nobody has been of for long are forgotten.
void HttpServingScraper::take_groups(Timestamp at, std::vector<Sample>& samples) {
  for (auto& [key, group] : groups_) {
    group.idle_rounds = group.together.servers() == 0 ? group.idle_rounds + 1 : 0;
    if (group.has_news) samples.push_back({key, at, metric_values(group.together.values())});
  }
  std::erase_if(groups_, [](const auto& entry) { return entry.second.idle_rounds > idle_rounds_max; });
}

}  // namespace

std::unique_ptr<ServingScraper> make_serving_scraper(const ClusterView& cluster, MetricStore& store, const Clock& clock,
                                                     ServingScraperOptions options) {
  return std::make_unique<HttpServingScraper>(cluster, store, clock, std::move(options));
}

}  // namespace reeve
