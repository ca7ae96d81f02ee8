#include "delivery/legacy/prepared.h"

#include <algorithm>

namespace reeve::legacy {
namespace {

// Each distinct query is a key: a client that asks for hours=1, 2, 3 ... must not fill the memory.
constexpr std::size_t entries_max = 32;
// The list of 10,000 GPUs is 10 MB: not kept for clients that are gone.
constexpr Milliseconds forgotten_after = std::chrono::minutes(5);

}  // namespace

void PreparedAnswers::serve(const std::string& key, Freshness freshness, Make make, std::shared_ptr<http::Responder> responder) {
  const Timestamp now = clock_.now();
  const std::uint64_t wanted = freshness.sees_changes ? keeper_.snapshot()->inventory_version() : 0;
  std::shared_ptr<const http::Response> ready;
  bool begin = false;
  {
    const std::lock_guard lock(mutex_);
    make_room(key, now);
    Entry& entry = entries_[key];
    const Milliseconds age = now - entry.begun;
    if (entry.ready && age <= freshness.old && entry.version >= wanted)
      ready = entry.ready;
    else
      entry.waiting.push_back({responder, wanted});
    begin = !entry.making && (!ready || age > freshness.young);
    if (begin) entry.making = true;
  }
  if (ready) responder->respond(*ready);
  if (begin) make_next(key, std::move(make));
}

void PreparedAnswers::make_next(const std::string& key, Make make) {
  const bool taken = run_slow_([self = shared_from_this(), key, make = std::move(make)] {
    const Timestamp begun = self->clock_.now();
    const std::uint64_t version = self->keeper_.snapshot()->inventory_version();
    if (self->finish(key, begun, version, std::make_shared<const http::Response>(make()))) self->make_next(key, make);
  });
  if (!taken) refuse_all(key);
}

bool PreparedAnswers::finish(const std::string& key, Timestamp begun, std::uint64_t version,
                             const std::shared_ptr<const http::Response>& made) {
  std::vector<Waiting> answered;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[key];
    if (made->status == 200) {
      entry.ready = made;
      entry.begun = begun;
      entry.version = version;
    }
    // A failure is told to everybody: who needs more than this answer knows would fail likewise.
    const auto too_new = [&](const Waiting& waiting) { return made->status == 200 && waiting.version > version; };
    const auto later = std::ranges::stable_partition(entry.waiting, std::not_fn(too_new));
    answered.assign(std::make_move_iterator(entry.waiting.begin()), std::make_move_iterator(later.begin()));
    entry.waiting.erase(entry.waiting.begin(), later.begin());
    again = entry.making = !entry.waiting.empty();
  }
  for (const Waiting& waiting : answered) waiting.responder->respond(*made);
  return again;
}

void PreparedAnswers::refuse_all(const std::string& key) {
  std::vector<Waiting> refused;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[key];
    entry.making = false;
    refused.swap(entry.waiting);
  }
  for (const Waiting& waiting : refused) waiting.responder->respond({.status = 503});
}

void PreparedAnswers::make_room(const std::string& key, Timestamp now) {
  std::erase_if(entries_, [&](const auto& entry) { return !entry.second.making && now - entry.second.begun > forgotten_after; });
  if (entries_.size() < entries_max || entries_.contains(key)) return;
  auto oldest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at)
    if (!at->second.making && (oldest == entries_.end() || at->second.begun < oldest->second.begun)) oldest = at;
  if (oldest != entries_.end()) entries_.erase(oldest);
}

}  // namespace reeve::legacy
