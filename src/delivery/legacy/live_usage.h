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

// Who accepts gzip gets a large document packed, once for all, on the pool: it takes longer than to send it plain over a fast
// network, but nobody's requests wait for it on an HTTP thread. Small ones are left to the server.
//
// Threads: any. Nobody waits for more than one document, and only who comes first, after a pause, or when the pool is so busy
// that the ready one is more than half a second behind the cluster. A full pool: 503, no body.
class LiveUsage : public std::enable_shared_from_this<LiveUsage> {
 public:
  LiveUsage(const LegacyApi& api, std::shared_ptr<ClusterBoard> board) : api_(api), board_(std::move(board)) {}

  // Listens to the cluster and to the fleet while the handles live. They are the caller's and not a part of this object, whose
  // last owner may be a listener that is being called.
  std::vector<std::shared_ptr<void>> listen();
  void serve(const http::Request& request, std::shared_ptr<http::Responder> responder);

 private:
  using DocumentPtr = std::shared_ptr<const UsageDocument>;
  struct Waiting {
    std::shared_ptr<http::Responder> responder;
    bool gzip = false;
  };

  void answer(const DocumentPtr& document, const Waiting& waiting);
  void answer_packed(const DocumentPtr& document, const Waiting& waiting);
  void pack();
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
  DocumentPtr ready_;
  std::optional<Timestamp> behind_since_;  // when `ready_` was first seen not to know all
  std::optional<Timestamp> asked_at_;
  Timestamp begun_{};
  bool making_ = false;
  bool again_ = false;  // something changed while it was made
  std::vector<Waiting> waiting_;
  std::shared_ptr<const std::string> packed_;
  DocumentPtr packed_of_;
  bool packing_ = false;
  std::vector<Waiting> packed_waiting_;
};

}  // namespace reeve::legacy
