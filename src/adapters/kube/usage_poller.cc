#include "adapters/kube/usage_poller.h"

#include <utility>

#include <fmt/format.h>

#include "adapters/kube/json_fields.h"
#include "adapters/kube/list_splitter.h"
#include "net/http/target.h"

namespace reeve::kube {
namespace {

using SteadyClock = std::chrono::steady_clock;
using cluster::KindState;

constexpr std::size_t version_bytes_max = 64 << 10;
constexpr Milliseconds version_again{600'000};  // an API server is upgraded while we run

}  // namespace

UsagePoller::UsagePoller(ApiAccess access, const Clock& clock, Listener listener, UsagePollerOptions options)
    : clock_(clock), listener_(std::move(listener)), options_(options), reader_(std::move(access)), thread_([this] { run(); }) {}

UsagePoller::~UsagePoller() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    wake_.notify_all();
  }
  reader_.cancel();
  thread_.join();
}

bool UsagePoller::pause(Milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stop_; });
}

void UsagePoller::run() {
  SteadyClock::time_point nodes_due{}, pods_due{}, version_due{};
  node_status_.state = pod_status_.state = KindState::syncing;
  do {
    const auto now = SteadyClock::now();
    if (now >= version_due && ask_version()) version_due = now + version_again;
    if (options_.nodes && now >= nodes_due) nodes_due = now + (poll_nodes() ? options_.interval : options_.slow_retry);
    if (options_.pods && now >= pods_due) pods_due = now + (poll_pods() ? options_.interval : options_.slow_retry);
  } while (pause(options_.interval));
}

bool UsagePoller::ask_version() {
  if (reader_.open("/version")) return false;
  std::string text;
  const auto failure = reader_.body(options_.idle, [&](std::string_view piece) -> Status {
    if (text.size() + piece.size() > version_bytes_max) return Error{Errc::invalid_argument, "cannot read the version: it is too long"};
    text += piece;
    return Done{};
  });
  if (failure) return false;
  const auto document = arena_.parse(text);
  if (!document) return false;
  const std::string version(JsonFields(**document).text("gitVersion"));
  if (version.empty()) return false;
  listener_.version(version);
  return true;
}

std::optional<ApiFailure> UsagePoller::poll(const KindInfo& kind, const Take& take) {
  std::string token;
  do {
    std::string target = fmt::format("{}?limit={}", kind.path, options_.page_size);
    if (!token.empty()) target += "&continue=" + http::percent_encode(token);
    if (auto failure = reader_.open(target)) return failure;
    ListSplitter splitter([&](std::string_view item) -> Status {
      const auto document = arena_.parse(item);
      if (!document) return document.error();
      return take((*document)->as_object());
    });
    if (auto failure = reader_.body(options_.idle, [&](std::string_view piece) { return splitter.feed(piece); })) return failure;
    const auto whole = splitter.finish();
    if (!whole) return ApiFailure{ApiFailure::Kind::broken, whole.error().message};
    const auto metadata = arena_.parse(splitter.metadata());
    if (!metadata) return ApiFailure{ApiFailure::Kind::broken, metadata.error().message};
    token = JsonFields(**metadata).text("continue");
  } while (!token.empty());
  return std::nullopt;
}

void UsagePoller::settle(cluster::KindStatus& status, const KindInfo& kind, const std::optional<ApiFailure>& failure) {
  if (!failure) {
    status.state = KindState::live;
    status.error.clear();
    status.synced_at = status.heard_at = clock_.now();
    ++status.lists;
    return;
  }
  status.error = fmt::format("cannot list {} of {}: {}", kind.resource, kind.group, failure->why);
  if (failure->kind == ApiFailure::Kind::forbidden) {
    status.state = KindState::forbidden;
    status.error += fmt::format(" (grant the verb 'list' on '{}' of API group {})", kind.resource, kind.group);
  } else if (failure->kind == ApiFailure::Kind::missing) {
    status.state = KindState::unavailable;
  } else {
    status.state = status.synced_at ? KindState::stale : KindState::syncing;
  }
}

bool UsagePoller::poll_nodes() {
  const KindInfo& kind = info(cluster::Kind::node_metrics);
  auto table = std::make_shared<cluster::UsageByNode>();
  const auto failure = poll(kind, [&](const boost::json::object& object) -> Status {
    if (auto read = decode_node_metrics(object)) table->insert_or_assign(NodeName{std::move(read->name)}, read->usage);
    return Done{};
  });
  settle(node_status_, kind, failure);
  listener_.nodes(node_status_, failure ? nullptr : std::move(table));
  return node_status_.state != KindState::forbidden && node_status_.state != KindState::unavailable;
}

bool UsagePoller::poll_pods() {
  const KindInfo& kind = info(cluster::Kind::pod_metrics);
  auto table = std::make_shared<cluster::UsageByPod>();
  const auto failure = poll(kind, [&](const boost::json::object& object) -> Status {
    if (auto read = decode_pod_metrics(object)) table->insert_or_assign(cluster::pod_key(read->namespace_name, read->name), read->usage);
    return Done{};
  });
  settle(pod_status_, kind, failure);
  listener_.pods(pod_status_, failure ? nullptr : std::move(table));
  return pod_status_.state != KindState::forbidden && pod_status_.state != KindState::unavailable;
}

}  // namespace reeve::kube
