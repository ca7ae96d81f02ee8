#include "delivery/openmetrics/self_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

namespace reeve::openmetrics {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Passes answers on and notes how they went.
class MeteredResponder final : public http::Responder {
 public:
  MeteredResponder(std::shared_ptr<http::Responder> inner, std::shared_ptr<RouteMeter> meter)
      : inner_(std::move(inner)), meter_(std::move(meter)) {}
  ~MeteredResponder() override {
    if (!noted_) note(500);  // dropped unanswered
  }
  MeteredResponder(const MeteredResponder&) = delete;
  MeteredResponder& operator=(const MeteredResponder&) = delete;

  void respond(http::Response response) override {
    note(response.status);
    inner_->respond(std::move(response));
  }
  std::shared_ptr<http::Stream> start_stream(http::Response head) override {
    note(head.status);
    return inner_->start_stream(std::move(head));
  }

 private:
  void note(int status) {
    if (!noted_.exchange(true)) meter_->observe(status, SteadyClock::now() - begin_);
  }

  std::shared_ptr<http::Responder> inner_;
  std::shared_ptr<RouteMeter> meter_;
  SteadyClock::time_point begin_ = SteadyClock::now();
  std::atomic<bool> noted_ = false;
};

double seconds(Milliseconds time) { return static_cast<double>(time.count()) / 1000.0; }

void write_collection(ExpositionText& text, const CollectStatus& collect) {
  const auto targets = collect.targets();
  text.gauge("reeve_target_up", "1: the target's last observation succeeded.");
  for (const TargetStatus& status : targets) {
    if (!status.last_attempt) continue;
    const std::string& node = status.node.empty() ? status.target.node.text : status.node.text;
    text.sample({{"url", status.target.url}, {"node", node}, {"kind", to_text(status.target.kind)}}, status.last_error.empty() ? 1 : 0);
  }
  text.gauge("reeve_target_duration_seconds", "How long the target's last observation took.");
  for (const TargetStatus& status : targets)
    if (status.duration) text.sample({{"url", status.target.url}}, seconds(*status.duration));
  const auto round = collect.last_round();
  if (!round) return;
  text.gauge("reeve_collect_round_duration_seconds", "How long the last round of collection took.");
  text.sample({}, seconds(round->duration));
  text.gauge("reeve_collect_round_timestamp_seconds", "When the last round of collection began.");
  text.sample({}, static_cast<double>(round->started_at.time_since_epoch().count()) / 1000.0);
  text.gauge("reeve_collect_targets", "Targets of the last round, by outcome.");
  text.sample({{"outcome", "up"}}, static_cast<double>(round->targets - round->failed));
  text.sample({{"outcome", "failed"}}, static_cast<double>(round->failed));
}

void write_process(ExpositionText& text) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto time = [](const timeval& value) { return static_cast<double>(value.tv_sec) + static_cast<double>(value.tv_usec) / 1e6; };
    text.counter("process_cpu_seconds_total", "User and system time of this process.");
    text.sample({}, time(usage.ru_utime) + time(usage.ru_stime));
  }
  std::ifstream statm("/proc/self/statm");
  double size_pages = 0;
  double resident_pages = 0;
  if (statm >> size_pages >> resident_pages) {
    text.gauge("process_resident_memory_bytes", "Memory of this process that is in RAM.");
    text.sample({}, resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
}

}  // namespace

void DurationHistogram::observe(Elapsed elapsed) {
  const double took = std::chrono::duration<double>(elapsed).count();
  const auto at = std::ranges::lower_bound(bounds, took);
  counts_[static_cast<std::size_t>(at - bounds.begin())].fetch_add(1, std::memory_order_relaxed);
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count();
  total_nanoseconds_.fetch_add(static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, 0)), std::memory_order_relaxed);
}

void DurationHistogram::write(ExpositionText& text, const Labels& labels) const {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    below += counts_[i].load(std::memory_order_relaxed);
    const std::string bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
    Labels with_bound = labels;
    with_bound.emplace_back("le", bound);
    text.sample("_bucket", with_bound, static_cast<double>(below));
  }
  text.sample("_sum", labels, static_cast<double>(total_nanoseconds_.load(std::memory_order_relaxed)) / 1e9);
  text.sample("_count", labels, static_cast<double>(below));
}

void RouteMeter::observe(int status, Elapsed elapsed) {
  by_status[static_cast<std::size_t>(std::clamp(status, 0, 599))].fetch_add(1, std::memory_order_relaxed);
  durations.observe(elapsed);
}

std::vector<http::Route> SelfMetrics::metered(std::vector<http::Route> routes) {
  for (http::Route& route : routes) {
    auto meter = std::make_shared<RouteMeter>();
    meter->method = route.method;
    meter->path = route.path;
    routes_.push_back(meter);
    route.handle = [meter, inner = std::move(route.handle)](http::Request request, std::shared_ptr<http::Responder> responder) {
      inner(std::move(request), std::make_shared<MeteredResponder>(std::move(responder), meter));
    };
  }
  return routes;
}

void SelfMetrics::write_requests(ExpositionText& text) const {
  text.counter("reeve_http_requests_total", "Requests answered, by route and status.");
  for (const auto& meter : routes_)
    for (std::size_t status = 0; status < meter->by_status.size(); ++status)
      if (const std::uint64_t count = meter->by_status[status].load(std::memory_order_relaxed); count > 0)
        text.sample({{"method", meter->method}, {"route", meter->path}, {"status", fmt::format("{}", status)}}, static_cast<double>(count));
  text.histogram("reeve_http_request_duration_seconds", "From the whole request to its answer; of a stream: to its beginning.");
  for (const auto& meter : routes_)
    if (std::ranges::any_of(meter->by_status, [](const auto& count) { return count.load(std::memory_order_relaxed) > 0; }))
      meter->durations.write(text, {{"method", meter->method}, {"route", meter->path}});
}

void SelfMetrics::write(ExpositionText& text, const CollectStatus& collect, std::string_view version) const {
  text.gauge("reeve_build_info", "The program that answers.");
  text.sample({{"version", version}}, 1);
  write_collection(text, collect);
  write_requests(text);
  text.histogram("reeve_store_commit_duration_seconds", "How long the database took to make a change durable.");
  store_commits_.write(text, {});
  write_process(text);
}

}  // namespace reeve::openmetrics
