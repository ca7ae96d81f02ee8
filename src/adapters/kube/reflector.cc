#include "adapters/kube/reflector.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kube/json_fields.h"
#include "adapters/kube/line_splitter.h"
#include "adapters/kube/list_splitter.h"
#include "adapters/kube/object_decoder.h"
#include "net/http/target.h"

namespace reeve::kube {
namespace {

using SteadyClock = std::chrono::steady_clock;
using cluster::KindState;

// A list that expires so often while it is read page by page is asked for in one.
constexpr int expired_lists_max = 2;
constexpr int hasty_refusals = 6;  // in a row: an API server that has just started refuses all, until it has read its roles

ApiFailure broken(const Error& error) { return {ApiFailure::Kind::broken, error.message}; }

}  // namespace

Reflector::Reflector(const KindInfo& kind, ObjectSink& objects, Parts parts, ReflectorOptions options)
    : kind_(kind),
      objects_(objects),
      parts_(std::move(parts)),
      options_(options),
      reader_(parts_.access),
      delay_(options.retry_min, options.retry_max, parts_.random),
      thread_([this] { run(); }) {}

Reflector::~Reflector() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    wake_.notify_all();
  }
  reader_.cancel();
  thread_.join();
}

bool Reflector::stopping() {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void Reflector::pause(Milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stop_; });
}

void Reflector::run() {
  status_.state = KindState::syncing;
  tell();
  while (!stopping()) {
    const auto failure = version_.empty() ? list() : watch();
    if (stopping()) return;
    if (failure) pause(settle(*failure));
  }
}

void Reflector::tell() {
  status_.resource_version = version_;
  parts_.heard(status_);
}

std::optional<ApiFailure> Reflector::list() {
  verb_ = "list";
  unreadable_ = 0;
  objects_.start_list();
  Page page;
  const bool paged = expired_lists_ < expired_lists_max;
  do {
    const std::string token = std::exchange(page.next, {});
    if (auto failure = read_page(token, paged, page)) {
      if (failure->kind == ApiFailure::Kind::expired) ++expired_lists_;
      objects_.start_list();  // lets go of what had come
      return failure;
    }
    if (stopping()) return std::nullopt;
  } while (!page.next.empty());
  expired_lists_ = 0;
  objects_.finish_list();
  version_ = std::move(page.version);
  ++status_.lists;
  status_.state = KindState::live;
  status_.synced_at = status_.heard_at = parts_.clock->now();
  status_.error = unreadable_ == 0 ? "" : fmt::format("{} of the {} listed are left out: {}", unreadable_, kind_.resource, unreadable_why_);
  tell();
  return std::nullopt;
}

std::optional<ApiFailure> Reflector::read_page(const std::string& token, bool paged, Page& page) {
  std::string target(kind_.path);
  if (paged) target += fmt::format("?limit={}", options_.page_size);
  if (!token.empty()) target += (paged ? "&continue=" : "?continue=") + http::percent_encode(token);
  if (auto failure = reader_.open(target)) return failure;
  ListSplitter splitter([this](std::string_view item) { return take_item(item); });
  if (auto failure = reader_.body(options_.list_idle, [&](std::string_view piece) { return splitter.feed(piece); })) return failure;
  if (const auto whole = splitter.finish(); !whole) return broken(whole.error());
  const auto metadata = arena_.parse(splitter.metadata());
  if (!metadata) return broken(metadata.error());
  const JsonFields fields(**metadata);
  page.version = fields.text("resourceVersion");
  page.next = fields.text("continue");
  if (page.version.empty()) return ApiFailure{ApiFailure::Kind::broken, "the list has no resourceVersion"};
  return std::nullopt;
}

// An object that cannot be read is left out and counted: it must not hide all others.
Status Reflector::take_item(std::string_view text) {
  const auto document = arena_.parse(text);
  const auto taken = !document ? Status(document.error()) : objects_.listed((*document)->as_object());
  if (!taken) {
    ++unreadable_;
    unreadable_why_ = taken.error().message;
  }
  return Done{};
}

std::optional<ApiFailure> Reflector::watch() {
  verb_ = "watch";
  const auto jitter = static_cast<Milliseconds::rep>(static_cast<double>(options_.watch_timeout.count()) * parts_.random() / 2);
  const Milliseconds timeout = options_.watch_timeout + Milliseconds(jitter);
  const auto begun = SteadyClock::now();
  const auto seconds = std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::seconds>(timeout).count());
  if (auto failure = reader_.open(fmt::format("{}?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}", kind_.path,
                                              http::percent_encode(version_), seconds)))
    return failure;
  status_.heard_at = parts_.clock->now();
  if (status_.state != KindState::live) {
    status_.state = KindState::live;
    status_.error.clear();
    tell();
  }
  event_seen_ = false;
  std::optional<ApiFailure> told;
  LineSplitter lines([&](std::string_view line) { return take_event(line, told); });
  auto failure = reader_.body(options_.watch_silence, [&](std::string_view piece) { return lines.feed(piece); });
  // A list alone proves little: only a watch that worked ends a row of failures.
  const bool worked = event_seen_ || SteadyClock::now() - begun >= options_.watch_short;
  if (worked) {
    delay_.reset();
    expired_watches_ = 0;
    refusals_ = 0;
  }
  if (told) return told;
  // A cut is nothing to speak of while the watch can be resumed: only a watch that does not come back is a failure.
  if (failure && failure->kind == ApiFailure::Kind::broken) return failure;
  if (!worked) pause(delay_.next());
  return std::nullopt;
}

Status Reflector::take_event(std::string_view line, std::optional<ApiFailure>& failure) {
  const auto document = arena_.parse(line);
  if (!document) return document.error();
  const JsonFields event(**document);
  const JsonFields object = event.object("object");
  const std::string_view type = event.text("type");
  if (!object.is_object() || type.empty()) return Error{Errc::invalid_argument, "cannot read the watch: a line is no event"};
  status_.heard_at = parts_.clock->now();
  if (type == "ERROR") {
    const auto status = decode_status(object.all());
    failure.emplace();
    failure->kind = status ? failure_kind(status->code, status->version_too_large) : ApiFailure::Kind::unreachable;
    failure->why = status ? status->message : "the API server sent an error without a reason";
    if (status) failure->retry_after = std::chrono::seconds(status->retry_after_seconds.value_or(0));
    return Error{Errc::unavailable, "the watch ended"};
  }
  event_seen_ = true;
  if (type == "BOOKMARK") {
    if (const auto version = object.object("metadata").text("resourceVersion"); !version.empty()) version_ = version;
    tell();
    return Done{};
  }
  apply(type, object.all());
  return Done{};
}

void Reflector::apply(std::string_view type, const boost::json::object& object) {
  if (type != "ADDED" && type != "MODIFIED" && type != "DELETED") return;  // of a server newer than we are
  const auto changed = type == "DELETED" ? objects_.remove(object) : objects_.put(object);
  ++status_.events;
  if (!changed) {
    ++unreadable_;
    unreadable_why_ = changed.error().message;
    status_.error = fmt::format("an event of the watch on {} is left out: {}", kind_.resource, unreadable_why_);
  } else if (const auto version = JsonFields(object).object("metadata").text("resourceVersion"); !version.empty()) {
    version_ = version;
  }
  tell();
}

Milliseconds Reflector::settle(const ApiFailure& failure) {
  using Kind = ApiFailure::Kind;
  status_.error = fmt::format("cannot {} {}: {}", verb_, kind_.resource, failure.why);
  const Milliseconds slow =
      options_.slow_retry +
      Milliseconds(static_cast<Milliseconds::rep>(static_cast<double>(options_.slow_retry.count()) * parts_.random() / 4));
  Milliseconds wait = std::max(delay_.next(), failure.retry_after);
  status_.state = status_.synced_at ? KindState::stale : KindState::syncing;
  switch (failure.kind) {
    case Kind::unreachable: break;
    case Kind::forbidden:
      status_.state = KindState::forbidden;
      status_.error += fmt::format(" (grant the verb '{}' on '{}'{}{})", verb_, kind_.resource, kind_.group.empty() ? "" : " of API group ",
                                   kind_.group);
      version_.clear();
      if (refusals_++ >= hasty_refusals) wait = slow;
      break;
    case Kind::missing:
      status_.state = KindState::unavailable;  // which hides the objects, until there is a list again
      version_.clear();
      wait = slow;
      break;
    case Kind::expired:
      // Nothing is wrong with the server: a fresh list at once, unless that has just failed too.
      if (verb_ == "watch" ? expired_watches_++ == 0 : expired_lists_ == 1) wait = failure.retry_after;
      version_.clear();
      break;
    case Kind::ahead:
    case Kind::broken: version_.clear(); break;
  }
  tell();
  return wait;
}

}  // namespace reeve::kube
