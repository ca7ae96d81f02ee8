#include "testing/fake_kube_api.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "base/parse.h"

namespace reeve {
namespace {

constexpr std::size_t piece_bytes = 700;  // an answer comes in pieces that end anywhere

std::string status_text(int code, std::string_view reason, std::string_view message) {
  return fmt::format(R"({{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{}","reason":"{}","code":{}}})", message, reason,
                     code);
}

std::string_view parameter(std::string_view query, std::string_view name) {
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string_view pair = query.substr(at, end - at);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
    at = end + 1;
  }
  return {};
}

}  // namespace

// All state is of the server's mutex.
class FakeKubeApi::Connection final : public http::StreamClient {
 public:
  explicit Connection(FakeKubeApi& server) : server_(server) {
    const std::lock_guard lock(server_.mutex_);
    server_.connections_.insert(this);
  }
  ~Connection() override {
    const std::lock_guard lock(server_.mutex_);
    server_.connections_.erase(this);
  }

  Result<http::ResponseHead> send(const std::string&, const std::string& target, const http::Headers&, std::string_view) override {
    const std::lock_guard lock(server_.mutex_);
    reset();
    server_.requests_.push_back(target);
    server_.changed_.notify_all();
    if (cancelled) return Error{Errc::unavailable, "cancelled"};
    if (!server_.up_) return Error{Errc::unavailable, "connection refused"};
    return server_.answer(*this, target);
  }

  Result<std::string_view> read_some(Milliseconds idle) override {
    std::unique_lock lock(server_.mutex_);
    const bool came =
        server_.changed_.wait_for(lock, idle, [this] { return cancelled || cut || (!server_.silent_ && (!pending.empty() || ended)); });
    if (cancelled) return Error{Errc::unavailable, "cancelled"};
    if (!came) return Error{Errc::timed_out, "nothing came"};
    if (pending.empty() && cut) return Error{Errc::unavailable, "connection reset"};
    if (pending.empty()) return std::string_view();
    piece_ = pending.substr(0, piece_bytes);
    pending.erase(0, piece_.size());
    return std::string_view(piece_);
  }

  Result<std::string> read_all(Milliseconds idle, std::size_t) override {
    std::string all;
    for (;;) {
      const auto piece = read_some(idle);
      if (!piece) return piece.error();
      if (piece->empty()) return all;
      all += *piece;
    }
  }

  void cancel() override {
    const std::lock_guard lock(server_.mutex_);
    cancelled = true;
    server_.changed_.notify_all();
  }
  void close() override {
    const std::lock_guard lock(server_.mutex_);
    reset();
  }

  std::string watched{};  // the path
  std::string pending{};  // of the body
  bool ended = false;
  bool cut = false;
  bool cancelled = false;

 private:
  void reset() {
    watched.clear();
    pending.clear();
    ended = cut = false;
  }

  FakeKubeApi& server_;
  std::string piece_{};
};

Result<std::unique_ptr<http::StreamClient>> FakeKubeApi::connect() {
  return std::unique_ptr<http::StreamClient>(std::make_unique<Connection>(*this));
}

std::string FakeKubeApi::object_text(std::string_view space, std::string_view name, std::uint64_t version, std::string_view rest) {
  return fmt::format(R"({{"metadata":{{"name":"{}"{},"resourceVersion":"{}"}}{}{}}})", name,
                     space.empty() ? std::string() : fmt::format(R"(,"namespace":"{}")", space), version, rest.empty() ? "" : ",", rest);
}

void FakeKubeApi::record(Collection& collection, std::string_view type, std::string object) {
  std::string text = fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
  for (Connection* connection : connections_)
    if (!connection->watched.empty() && &collections_[connection->watched] == &collection) connection->pending += text;
  collection.events.push_back({version_, std::move(text)});
  changed_.notify_all();
}

void FakeKubeApi::put(const std::string& path, const std::string& namespace_name, const std::string& name, const std::string& rest) {
  const std::lock_guard lock(mutex_);
  Collection& collection = collections_[path];
  std::string text = object_text(namespace_name, name, ++version_, rest);
  std::string& kept = collection.objects[{namespace_name, name}];
  const bool added = kept.empty();
  kept = text;
  record(collection, added ? "ADDED" : "MODIFIED", std::move(text));
}

void FakeKubeApi::remove(const std::string& path, const std::string& namespace_name, const std::string& name) {
  const std::lock_guard lock(mutex_);
  Collection& collection = collections_[path];
  if (collection.objects.erase({namespace_name, name}) == 0) return;
  record(collection, "DELETED", object_text(namespace_name, name, ++version_, ""));
}

void FakeKubeApi::bookmark(const std::string& path) {
  const std::lock_guard lock(mutex_);
  ++version_;
  for (Connection* connection : connections_)
    if (connection->watched == path)
      connection->pending +=
          fmt::format("{{\"type\":\"BOOKMARK\",\"object\":{{\"kind\":\"Pod\",\"metadata\":{{\"resourceVersion\":\"{}\"}}}}}}\n", version_);
  changed_.notify_all();
}

void FakeKubeApi::send_raw(const std::string& path, const std::string& text) {
  const std::lock_guard lock(mutex_);
  for (Connection* connection : connections_)
    if (connection->watched == path) connection->pending += text;
  changed_.notify_all();
}

void FakeKubeApi::cut_watches(bool in_the_middle_of_a_line) {
  const std::lock_guard lock(mutex_);
  for (Connection* connection : connections_) {
    if (connection->watched.empty()) continue;
    if (in_the_middle_of_a_line) connection->pending += R"({"type":"MODIFIED","object":{"metadata":{"name":"ha)";
    connection->watched.clear();
    connection->cut = true;
  }
  changed_.notify_all();
}

void FakeKubeApi::compact(bool as_event) {
  const std::lock_guard lock(mutex_);
  compacted_ = ++version_;
  expire_as_event_ = as_event;
  for (auto& [path, collection] : collections_) collection.events.clear();
}

void FakeKubeApi::expire_continues(int count) {
  const std::lock_guard lock(mutex_);
  expired_continues_ = count;
}

void FakeKubeApi::set_up(bool up) {
  {
    const std::lock_guard lock(mutex_);
    up_ = up;
  }
  if (!up) cut_watches();
}

void FakeKubeApi::set_silent(bool silent) {
  const std::lock_guard lock(mutex_);
  silent_ = silent;
  changed_.notify_all();
}

void FakeKubeApi::set_ignores_limit(bool ignore) {
  const std::lock_guard lock(mutex_);
  ignores_limit_ = ignore;
}

void FakeKubeApi::set_version(std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  version_ = version;
}

void FakeKubeApi::refuse(const std::string& path, const std::string& verb, Refusal refusal) {
  const std::lock_guard lock(mutex_);
  refusals_[{path, verb}] = std::move(refusal);
}

void FakeKubeApi::allow(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::erase_if(refusals_, [&](const auto& entry) { return entry.first.first == path; });
}

std::vector<std::string> FakeKubeApi::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int FakeKubeApi::count_requests(std::string_view part) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::count_if(requests_.begin(), requests_.end(), [&](const auto& r) { return r.find(part) != std::string::npos; }));
}

bool FakeKubeApi::is_watched(const std::string& path) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] {
    return std::any_of(connections_.begin(), connections_.end(), [&](const Connection* c) { return c->watched == path; });
  });
}

http::ResponseHead FakeKubeApi::answer(Connection& connection, const std::string& target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string path = target.substr(0, mark);
  const std::string_view query = mark < target.size() ? std::string_view(target).substr(mark + 1) : std::string_view();
  const bool watch = parameter(query, "watch") == "1";
  http::ResponseHead head{200, {}};
  if (const auto refused = refusals_.find({path, watch ? "watch" : "list"}); refused != refusals_.end()) {
    connection.pending = refused->second.body;
    connection.ended = true;
    head.status = refused->second.status;
    return head;
  }
  if (!watch) {
    connection.pending = list(path, query, head.status);
    connection.ended = true;
    return head;
  }
  const auto from = parse_number<std::uint64_t>(parameter(query, "resourceVersion")).value_or(0);
  std::string problem;
  if (from > version_)
    problem = R"({"kind":"Status","code":504,"message":"Too large","details":{"causes":[{"reason":"ResourceVersionTooLarge"}]}})";
  if (from < compacted_) problem = status_text(410, "Expired", "too old resource version");
  if (!problem.empty() && !expire_as_event_) {
    head.status = from > version_ ? 504 : 410;
    connection.pending = problem;
    connection.ended = true;
    return head;
  }
  if (!problem.empty()) {
    connection.pending = fmt::format("{{\"type\":\"ERROR\",\"object\":{}}}\n", problem);
    connection.ended = true;
    return head;
  }
  connection.watched = path;
  for (const Event& event : collections_[path].events)
    if (event.version > from) connection.pending += event.text;
  changed_.notify_all();
  return head;
}

std::string FakeKubeApi::list(const std::string& path, std::string_view query, int& status) {
  const std::string_view token = parameter(query, "continue");
  if (!token.empty() && expired_continues_ > 0) {
    --expired_continues_;
    status = 410;
    return status_text(410, "Expired", "The provided continue parameter is too old");
  }
  const auto from = parse_number<std::size_t>(token).value_or(0);
  auto limit = parse_number<std::size_t>(parameter(query, "limit")).value_or(0);
  if (limit == 0 || ignores_limit_) limit = SIZE_MAX;
  std::string items, more;
  std::size_t at = 0;
  for (const auto& [key, text] : collections_[path].objects) {
    if (at++ < from) continue;
    if (at - 1 - from >= limit) {
      more = fmt::format(R"(,"continue":"{}")", at - 1);
      break;
    }
    items += (items.empty() ? "" : ",") + text;
  }
  return fmt::format(R"({{"kind":"List","apiVersion":"v1","metadata":{{"resourceVersion":"{}"{}}},"items":[{}]}})", version_, more, items);
}

}  // namespace reeve
