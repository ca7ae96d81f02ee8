#include "delivery/legacy/prepared.h"

namespace reeve::legacy {
namespace {

// Each distinct query is a key: a client that asks for hours=1, 2, 3 ... must not fill the memory.
constexpr std::size_t entries_max = 32;

}  // namespace

void PreparedAnswers::serve(const std::string& key, Freshness freshness, Make make, std::shared_ptr<http::Responder> responder) {
  const Timestamp now = clock_.now();
  std::shared_ptr<const http::Response> ready;
  bool begin = false;
  {
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= entries_max && !entries_.contains(key)) drop_oldest();
    Entry& entry = entries_[key];
    const Milliseconds age = now - entry.begun;
    if (entry.ready && age <= freshness.old)
      ready = entry.ready;
    else
      entry.waiting.push_back(responder);
    begin = !entry.making && (!ready || age > freshness.young);
    if (begin) entry.making = true;
  }
  if (ready) responder->respond(*ready);
  if (begin) make_next(key, std::move(make));
}

void PreparedAnswers::make_next(const std::string& key, Make make) {
  const bool taken = run_slow_([self = shared_from_this(), key, make = std::move(make)] {
    const Timestamp begun = self->clock_.now();
    self->finish(key, begun, std::make_shared<const http::Response>(make()));
  });
  if (!taken) finish(key, clock_.now(), std::make_shared<const http::Response>(http::Response{.status = 503}));
}

void PreparedAnswers::finish(const std::string& key, Timestamp begun, const std::shared_ptr<const http::Response>& made) {
  std::vector<std::shared_ptr<http::Responder>> waiting;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[key];
    entry.making = false;
    waiting.swap(entry.waiting);
    if (made->status == 200) {
      entry.ready = made;
      entry.begun = begun;
    }
  }
  for (const auto& responder : waiting) responder->respond(*made);
}

void PreparedAnswers::drop_oldest() {
  auto oldest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at)
    if (!at->second.making && (oldest == entries_.end() || at->second.begun < oldest->second.begun)) oldest = at;
  if (oldest != entries_.end()) entries_.erase(oldest);
}

}  // namespace reeve::legacy
