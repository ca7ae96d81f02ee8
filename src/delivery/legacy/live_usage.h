#pragma once
// resources/usage for everybody, always ready: written anew on the pool when the cluster changes, for as long as somebody asks
// for it now and then, and shared between all who ask.

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "delivery/legacy/cluster_board.h"
#include "delivery/legacy/usage_document.h"
#include "net/http/message.h"

namespace reeve::legacy {

// Threads: any. Nobody waits for more than one document, and only who comes first, after a pause, or when the pool is so busy
// that the ready one is more than half a second behind the cluster. A full pool: 503, no body.
class LiveUsage : public std::enable_shared_from_this<LiveUsage> {
 public:
  LiveUsage(const LegacyApi& api, std::shared_ptr<ClusterBoard> board) : api_(api), board_(std::move(board)) {}

  // Listens to the cluster and to the fleet while the handles live. They are the caller's and not a part of this object, whose
  // last owner may be a listener that is being called.
  std::vector<std::shared_ptr<void>> listen();
  void serve(std::shared_ptr<http::Responder> responder);

 private:
  void cluster_changed();
  void readings_changed();
  void make_next();
  void make();
  void refuse_all();
  // Under the lock:
  bool is_watched(Timestamp now) const;
  bool begin_if_idle();  // true: the caller begins one, after the lock
  bool may_serve(Timestamp now);

  const LegacyApi api_;
  const std::shared_ptr<ClusterBoard> board_;
  std::mutex mutex_;
  std::shared_ptr<const UsageDocument> ready_;
  std::optional<Timestamp> behind_since_;  // when `ready_` was first seen not to know all
  std::optional<Timestamp> asked_at_;
  Timestamp begun_{};
  bool making_ = false;
  bool again_ = false;  // something changed while it was made
  std::vector<std::shared_ptr<http::Responder>> waiting_;
};

}  // namespace reeve::legacy
