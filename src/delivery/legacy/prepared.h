#pragma once
// Answers that many clients ask for again and again: made once, off the HTTP threads, and shared as bytes.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "delivery/legacy/legacy_api.h"

namespace reeve::legacy {

// Up to `young` an answer is given as it is. Up to `old` it is given while the next one is made behind it.
// Beyond that whoever asks waits for the next one.
struct Freshness {
  Milliseconds young{250};
  Milliseconds old{1'000};
  // Must an answer know every change of devices and allocations that was acknowledged before it was asked
  // for? Changes of measured values never make anybody wait.
  bool sees_changes = true;
};

// Threads: any. At most one answer of a key is in the making; who asks meanwhile shares it.
class PreparedAnswers : public std::enable_shared_from_this<PreparedAnswers> {
 public:
  using Make = std::function<http::Response()>;

  PreparedAnswers(const FleetKeeper& keeper, const Clock& clock, RunSlow run_slow)
      : keeper_(keeper), clock_(clock), run_slow_(std::move(run_slow)) {}

  // `make` runs on the pool and may wait. Only answers with status 200 are kept. A full pool: 503, no body.
  void serve(const std::string& key, Freshness freshness, Make make, std::shared_ptr<http::Responder> responder);

 private:
  struct Waiting {
    std::shared_ptr<http::Responder> responder;
    std::uint64_t version = 0;  // of the inventory, that the answer must know
  };
  struct Entry {
    std::shared_ptr<const http::Response> ready{};
    Timestamp begun{};          // when the making of `ready` began: how old its facts are
    std::uint64_t version = 0;  // of the inventory that `ready` knows
    bool making = false;
    std::vector<Waiting> waiting{};
  };

  void make_next(const std::string& key, Make make);
  // Returns whether somebody waits who needs a newer answer than `made`.
  bool finish(const std::string& key, Timestamp begun, std::uint64_t version, const std::shared_ptr<const http::Response>& made);
  void refuse_all(const std::string& key);
  void make_room(const std::string& key, Timestamp now);  // under the lock

  const FleetKeeper& keeper_;
  const Clock& clock_;
  RunSlow run_slow_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace reeve::legacy
