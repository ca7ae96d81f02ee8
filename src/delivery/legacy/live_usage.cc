#include "delivery/legacy/live_usage.h"

namespace reeve::legacy {
namespace {

constexpr Milliseconds may_lag = std::chrono::milliseconds(500);
constexpr Milliseconds readings_every = std::chrono::seconds(1);
// Even if nothing was published: the timestamp goes on, and values that nobody renews grow too old to be shown.
constexpr Milliseconds write_again_after = std::chrono::seconds(30);
constexpr Milliseconds kept_for = std::chrono::minutes(2);  // after the last request

http::Response answer_of(const UsageDocument& document) {
  http::Response response{.status = 200, .body = document.body};
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

void LiveUsage::serve(std::shared_ptr<http::Responder> responder) {
  const Timestamp now = api_.clock.now();
  std::shared_ptr<const UsageDocument> ready;
  bool begin = false;
  {
    const std::lock_guard lock(mutex_);
    asked_at_ = now;
    if (may_serve(now))
      ready = ready_;
    else
      waiting_.push_back(std::move(responder));
    const bool old = ready && now - begun_ > readings_every && !board_->knows_readings(*ready->facts);
    if (!ready || behind_since_ || old) begin = begin_if_idle();
  }
  if (ready) responder->respond(answer_of(*ready));
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
  std::shared_ptr<const UsageDocument> previous;
  {
    const std::lock_guard lock(mutex_);
    begun_ = api_.clock.now();
    again_ = false;
    previous = ready_;
  }
  const auto made = write_usage(board_->facts(), previous.get(), api_.options.zone);
  previous.reset();
  std::vector<std::shared_ptr<http::Responder>> answered;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    ready_ = made;
    behind_since_.reset();
    if (!board_->knows_all(*made->facts)) behind_since_ = api_.clock.now();
    again = making_ = again_ && behind_since_.has_value();
    answered.swap(waiting_);
  }
  for (const auto& responder : answered) responder->respond(answer_of(*made));
  if (again) make_next();
}

void LiveUsage::refuse_all() {
  std::vector<std::shared_ptr<http::Responder>> refused;
  {
    const std::lock_guard lock(mutex_);
    making_ = false;
    refused.swap(waiting_);
  }
  for (const auto& responder : refused) responder->respond({.status = 503});
}

}  // namespace reeve::legacy
