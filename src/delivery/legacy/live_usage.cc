#include "delivery/legacy/live_usage.h"

#include <utility>

#include "net/http/gzip.h"

namespace reeve::legacy {
namespace {

constexpr Milliseconds may_lag = std::chrono::milliseconds(500);
constexpr Milliseconds readings_every = std::chrono::seconds(1);
// Even if nothing was published: the timestamp goes on, and values that nobody renews grow too old to be shown.
constexpr Milliseconds write_again_after = std::chrono::seconds(30);
constexpr Milliseconds kept_for = std::chrono::minutes(2);  // after the last request

constexpr std::size_t pack_from_bytes = 1 << 20;  // an HTTP thread packs less in some 10 ms

http::Response answer_of(const std::shared_ptr<const std::string>& body) {
  http::Response response{.status = 200, .body = body};
  response.headers.emplace("Content-Type", "application/json");
  return response;
}

}  // namespace

std::vector<std::shared_ptr<void>> LiveUsage::listen() {
  const std::weak_ptr<LiveUsage> weak = weak_from_this();
  return {api_.cluster.subscribe([weak](const auto&) {
            if (const auto self = weak.lock()) self->cluster_changed();
          }),
          api_.keeper.subscribe([weak](const auto&) {
            if (const auto self = weak.lock()) self->readings_changed();
          })};
}

bool LiveUsage::is_watched(Timestamp now) const { return asked_at_ && now - *asked_at_ <= kept_for; }

bool LiveUsage::begin_if_idle() {
  if (making_) {
    again_ = true;
    return false;
  }
  return making_ = true;
}

bool LiveUsage::may_serve(Timestamp now) {
  if (!ready_ || now - ready_->facts->at > write_again_after) return false;
  if (board_->knows_all(*ready_->facts)) {
    behind_since_.reset();
    return true;
  }
  if (!behind_since_) behind_since_ = now;
  return now - *behind_since_ <= may_lag;
}

void LiveUsage::serve(const http::Request& request, std::shared_ptr<http::Responder> responder) {
  const Waiting waiting{std::move(responder), http::accepts_gzip(request.header("Accept-Encoding").value_or(""))};
  const Timestamp now = api_.clock.now();
  DocumentPtr ready;
  bool begin = false;
  {
    const std::lock_guard lock(mutex_);
    asked_at_ = now;
    if (may_serve(now))
      ready = ready_;
    else
      waiting_.push_back(waiting);
    const bool old = ready && now - begun_ > readings_every && !board_->knows_readings(*ready->facts);
    if (!ready || behind_since_ || old) begin = begin_if_idle();
  }
  if (ready) answer(ready, waiting);
  if (begin) make_next();
}

void LiveUsage::cluster_changed() {
  const Timestamp now = api_.clock.now();
  bool begin = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_watched(now)) {
      if (ready_ && !behind_since_) behind_since_ = now;
      begin = begin_if_idle();
    } else if (!making_) {
      ready_.reset();
      behind_since_.reset();
      packed_.reset();
      packed_of_.reset();
    }
  }
  board_->forget_if_idle();
  if (begin) make_next();
}

void LiveUsage::readings_changed() {
  const Timestamp now = api_.clock.now();
  bool begin = false;
  {
    const std::lock_guard lock(mutex_);
    begin = is_watched(now) && !making_ && now - begun_ > readings_every && begin_if_idle();
  }
  if (begin) make_next();
}

void LiveUsage::make_next() {
  if (!api_.run_slow([self = shared_from_this()] { self->make(); })) refuse_all();
}

void LiveUsage::make() {
  DocumentPtr previous;
  {
    const std::lock_guard lock(mutex_);
    begun_ = api_.clock.now();
    again_ = false;
    previous = ready_;
  }
  const DocumentPtr made = write_usage(board_->facts(), previous.get(), api_.options.zone);
  previous.reset();
  std::vector<Waiting> answered;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    ready_ = made;
    behind_since_.reset();
    if (!board_->knows_all(*made->facts)) behind_since_ = api_.clock.now();
    again = making_ = again_ && behind_since_.has_value();
    answered.swap(waiting_);
  }
  for (const Waiting& waiting : answered) answer(made, waiting);
  if (again) make_next();
}

void LiveUsage::refuse_all() {
  std::vector<Waiting> refused;
  {
    const std::lock_guard lock(mutex_);
    making_ = false;
    refused.swap(waiting_);
  }
  for (const Waiting& waiting : refused) waiting.responder->respond({.status = 503});
}

void LiveUsage::answer(const DocumentPtr& document, const Waiting& waiting) {
  if (waiting.gzip && document->body->size() >= pack_from_bytes) return answer_packed(document, waiting);
  waiting.responder->respond(answer_of(document->body));
}

void LiveUsage::answer_packed(const DocumentPtr& document, const Waiting& waiting) {
  std::shared_ptr<const std::string> packed;
  bool begin = false;
  {
    const std::lock_guard lock(mutex_);
    if (packed_of_ == document)
      packed = packed_;
    else
      packed_waiting_.push_back(waiting);
    if (!packed) begin = !std::exchange(packing_, true);
  }
  if (packed) {
    http::Response response = answer_of(packed);
    response.headers.emplace("Content-Encoding", "gzip");
    response.headers.emplace("Vary", "Accept-Encoding");
    return waiting.responder->respond(std::move(response));
  }
  if (!begin || api_.run_slow([self = shared_from_this()] { self->pack(); })) return;
  std::vector<Waiting> refused;
  {
    const std::lock_guard lock(mutex_);
    packing_ = false;
    refused.swap(packed_waiting_);
  }
  for (const Waiting& one : refused) one.responder->respond({.status = 503});
}

// The newest document, for all who wait now; who comes meanwhile may need a newer one and has the next turn.
void LiveUsage::pack() {
  DocumentPtr document;
  std::vector<Waiting> answered;
  {
    const std::lock_guard lock(mutex_);
    document = ready_;
    answered.swap(packed_waiting_);
    packing_ = false;
  }
  if (!document) {  // let go of, since nobody asked for it
    for (const Waiting& waiting : answered) waiting.responder->respond({.status = 503});
    return;
  }
  auto packed = http::gzip(*document->body);
  if (!packed) {
    for (const Waiting& waiting : answered) waiting.responder->respond(answer_of(document->body));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    packed_ = std::move(packed);
    packed_of_ = document;
  }
  for (const Waiting& waiting : answered) answer_packed(document, waiting);
}

}  // namespace reeve::legacy
