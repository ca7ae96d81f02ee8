#include "adapters/scraper/scraper.h"

#include <sys/resource.h>
#include <algorithm>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "adapters/scraper/connection.h"
#include "wire/exposition/exposition_observation.h"
#include "wire/observation/observation_json.h"

namespace reeve {
namespace {

namespace asio = boost::asio;
using scraper::Connection;
using scraper::Deadline;

// What is kept of a target between rounds.
struct TargetState {
  TargetState(asio::io_context& io, asio::thread_pool& resolvers, const ScraperOptions& options, http::Url url)
      : path(url.target == "/" ? std::string() : url.target), connection(asio::make_strand(io), resolvers, options, std::move(url)) {}

  std::string path;  // before "/metrics"
  Connection connection;
  std::string inventory_version{};
  std::optional<NodeObservation> inventory{};  // of an agent's /v1/devices, as of that version
  std::optional<Timestamp> looked_at{};        // by the agent's clock
  Timestamp heard_at{};                        // by ours: when that look was first heard of
};

// Half of the files that the process may open: stores and clients need some too.
std::size_t sockets_allowed(std::size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::max<std::size_t>(wanted, 1);
  return std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(limit.rlim_cur / 2, 1));
}

Error about(const Target& target, const Error& error) {
  return {error.code, fmt::format("cannot observe {}: {}", target.url, error.message)};
}

class HttpScraper final : public Scraper {
 public:
  HttpScraper(const Clock& clock, const ScraperOptions& options)
      : clock_(clock), options_(options), resolvers_(static_cast<std::size_t>(options.resolver_threads)) {}

  void observe_all(std::span<const Target> targets, Milliseconds deadline, const Found& found) override;

  void stop() override {
    stopped_ = true;
    asio::post(io_, [this] { abort_all(); });
  }

 private:
  struct Round {
    std::span<const Target> targets;
    const Found& found;
    Deadline end;
    std::chrono::steady_clock::duration time_each;
    bool keep_connections;
    std::atomic<std::size_t> next = 0;
    std::mutex found_mutex{};  // `found` hears of one target at a time
  };

  void keep_only(std::span<const Target> targets);
  void abort_all();
  void start_next(Round& round);
  void tell(Round& round, const Target& target, Result<NodeObservation> result);
  asio::awaitable<void> run(Round& round, TargetState& state, const Target& target);
  asio::awaitable<Result<NodeObservation>> observe(TargetState& state, const Target& target, Deadline deadline);
  asio::awaitable<Status> refresh_inventory(TargetState& state, const wire::ExposedNode& exposed, Deadline deadline);

  const Clock& clock_;
  const ScraperOptions options_;
  std::atomic<bool> stopped_ = false;
  asio::io_context io_{};
  std::map<Target, std::unique_ptr<TargetState>> states_{};  // changed between rounds only
  asio::thread_pool resolvers_;                              // joined first: its jobs post to io_
};

void HttpScraper::keep_only(std::span<const Target> targets) {
  std::map<Target, std::unique_ptr<TargetState>> states;
  for (const Target& target : targets) {
    if (const auto known = states_.find(target); known != states_.end()) {
      states.insert(states_.extract(known));
      continue;
    }
    auto url = http::parse_url(target.url);
    if (!url || url->scheme != "http" || states.contains(target)) continue;
    states.emplace(target, std::make_unique<TargetState>(io_, resolvers_, options_, std::move(url).value()));
  }
  states_ = std::move(states);
}

void HttpScraper::abort_all() {
  for (const auto& [target, state] : states_) asio::post(state->connection.executor(), [&one = state->connection] { one.abort(); });
}

void HttpScraper::observe_all(std::span<const Target> targets, Milliseconds deadline, const Found& found) {
  keep_only(targets);
  const std::size_t at_once = std::min(targets.size(), sockets_allowed(options_.sockets_max));
  const std::size_t waves = at_once == 0 ? 1 : (targets.size() + at_once - 1) / at_once;
  Round round{targets, found, std::chrono::steady_clock::now() + deadline, deadline / static_cast<int>(waves), waves == 1};
  for (std::size_t i = 0; i < at_once; ++i) start_next(round);
  io_.restart();
  {
    std::vector<std::jthread> more;
    for (int i = 1; i < options_.threads; ++i) more.emplace_back([this] { io_.run(); });
    io_.run();
  }
}

void HttpScraper::start_next(Round& round) {
  const std::size_t i = round.next++;
  if (i >= round.targets.size()) return;
  const Target& target = round.targets[i];
  const auto known = states_.find(target);
  if (known == states_.end()) {
    // Not from here: thousands of bad targets must not become thousands of nested calls.
    asio::post(io_, [this, &round, &target] {
      const auto url = http::parse_url(target.url);
      tell(round, target, url ? Error{Errc::unsupported, "only http:// targets can be observed"} : url.error());
      start_next(round);
    });
    return;
  }
  // Only memory that ran out throws here: that ends the round, and the thread's top decides.
  asio::co_spawn(known->second->connection.executor(), run(round, *known->second, target), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

asio::awaitable<void> HttpScraper::run(Round& round, TargetState& state, const Target& target) {
  const Deadline deadline = std::min(round.end, std::chrono::steady_clock::now() + round.time_each);
  Result<NodeObservation> seen = co_await observe(state, target, deadline);
  if (!round.keep_connections) state.connection.close();
  tell(round, target, std::move(seen));
  start_next(round);
}

void HttpScraper::tell(Round& round, const Target& target, Result<NodeObservation> result) {
  const std::lock_guard lock(round.found_mutex);
  round.found(target, result ? std::move(result) : about(target, result.error()));
}

asio::awaitable<Status> HttpScraper::refresh_inventory(TargetState& state, const wire::ExposedNode& exposed, Deadline deadline) {
  const std::string& version = exposed.inventory_version;
  if (state.inventory && state.inventory_version == version) co_return Done{};
  const Result<std::string> json = co_await state.connection.get(state.path + "/v1/devices", deadline);
  if (!json) co_return json.error();
  Result<NodeObservation> inventory = wire::observation_from_json(*json);
  if (!inventory) co_return inventory.error();
  // The agent may have looked again between the two answers, and found its driver gone: an inventory kept under the
  // version of before would lose the GPUs for as long as that version comes back.
  for (const DeviceObservation& device : exposed.observation.devices)
    if (std::ranges::find(inventory->devices, device.uuid, &DeviceObservation::uuid) == inventory->devices.end())
      co_return Error{Errc::unavailable, "the agent's GPUs changed while it was asked"};
  state.inventory = std::move(inventory).value();
  state.inventory_version = version;
  co_return Done{};
}

asio::awaitable<Result<NodeObservation>> HttpScraper::observe(TargetState& state, const Target& target, Deadline deadline) {
  if (stopped_) co_return Error{Errc::unavailable, "the collector stops"};
  const Result<std::string> text = co_await state.connection.get(state.path + "/metrics", deadline);
  if (!text) co_return text.error();
  // An agent shows itself; in the place of one, a dcgm-exporter will do.
  const ObservationSource language = target.kind == ObservationSource::reeve_agent ? ObservationSource::dcgm_exporter : target.kind;
  auto exposed = wire::observation_from_exposition(*text, {target.node, language, clock_.now()});
  if (!exposed) co_return exposed.error();
  if (exposed->inventory_version.empty()) co_return std::move(exposed->observation);

  if (!exposed->driver_up) co_return Error{Errc::unavailable, "the agent cannot use the GPU driver"};
  exposed->observation.source = ObservationSource::reeve_agent;
  // An agent that hangs repeats its last look: that must grow stale. The clocks are never compared.
  if (!exposed->looked_at || exposed->looked_at != state.looked_at) state.heard_at = exposed->observation.at;
  state.looked_at = exposed->looked_at;
  exposed->observation.at = state.heard_at;
  const Status refreshed = co_await refresh_inventory(state, *exposed, deadline);
  // An inventory of before is better than none: the values are new in any case.
  if (!refreshed && !state.inventory) co_return refreshed.error();
  NodeObservation seen = wire::with_inventory(*state.inventory, std::move(exposed->observation));
  if (seen.devices.empty()) co_return Error{Errc::not_found, "the agent reports no GPU"};
  co_return seen;
}

}  // namespace

std::unique_ptr<Scraper> make_scraper(const Clock& clock, const ScraperOptions& options) {
  return std::make_unique<HttpScraper>(clock, options);
}

}  // namespace reeve
