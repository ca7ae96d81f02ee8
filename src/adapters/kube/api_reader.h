#pragma once
// GET requests to the API server whose answers are read piece by piece, and what their failures mean.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http/stream_client.h"

namespace reeve::kube {

// How to reach an API server. The functions may be called from several threads at once, and may read files.
struct ApiAccess {
  std::function<Result<std::unique_ptr<http::StreamClient>>()> connect{};  // a client of its own for each caller
  std::function<Result<http::Headers>()> authorize{};                      // headers of the next request
  std::function<bool()> renew{};                                           // after a 401; true: asking again makes sense. May be empty
  std::string base_path{};                                                 // goes before each path
};

struct ApiFailure {
  enum class Kind {
    unreachable,  // not connected, cut, timed out, overloaded, an error of the server: worth a retry
    forbidden,    // 403
    missing,      // 404: no such API
    expired,      // 410: the version or token that we named is too old
    ahead,        // the version that we named is newer than what the server knows
    broken,       // an answer that is none of Kubernetes
  };
  Kind kind = Kind::unreachable;
  std::string why{};
  Milliseconds retry_after{0};  // the server asks for it
};

// Threads: one uses it; cancel() may be called from any.
class ApiReader {
 public:
  explicit ApiReader(ApiAccess access) : access_(std::move(access)) {}

  // Sends the request and reads the head; absent: the server answers 200 and body() can be called.
  std::optional<ApiFailure> open(const std::string& target);

  // Gives the body on piece by piece. Its end without failure: absent. A failure of `take` ends it: broken.
  std::optional<ApiFailure> body(Milliseconds idle, const std::function<Status(std::string_view)>& take);

  // The call in progress and all later ones fail soon.
  void cancel();

  // Reads no more of an answer; the connection is given up.
  void close();

 private:
  std::optional<ApiFailure> connect();
  Result<http::ResponseHead> send(const std::string& target);
  ApiFailure failed(const Error& error);
  ApiFailure refused(const http::ResponseHead& head);

  ApiAccess access_;
  std::mutex mutex_;  // of the two below, as far as cancel() is concerned
  std::unique_ptr<http::StreamClient> client_{};
  bool cancelled_ = false;
};

// What an API server's Status says happened.
ApiFailure::Kind failure_kind(int code, bool version_too_large);

}  // namespace reeve::kube
