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
};

// Threads: any. At most one answer of a key is in the making; who asks meanwhile shares it.
class PreparedAnswers : public std::enable_shared_from_this<PreparedAnswers> {
 public:
  using Make = std::function<http::Response()>;

  PreparedAnswers(const Clock& clock, RunSlow run_slow) : clock_(clock), run_slow_(std::move(run_slow)) {}

  // `make` runs on the pool and may wait. Only answers with status 200 are kept. A full pool: 503, no body.
  void serve(const std::string& key, Freshness freshness, Make make, std::shared_ptr<http::Responder> responder);

 private:
  struct Entry {
    std::shared_ptr<const http::Response> ready{};
    Timestamp begun{};  // when the making of `ready` began: how old its facts are
    bool making = false;
    std::vector<std::shared_ptr<http::Responder>> waiting{};
  };

  void make_next(const std::string& key, Make make);
  void finish(const std::string& key, Timestamp begun, const std::shared_ptr<const http::Response>& made);
  void drop_oldest();  // under the lock

  const Clock& clock_;
  RunSlow run_slow_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace reeve::legacy
