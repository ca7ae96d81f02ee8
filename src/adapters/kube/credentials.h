#pragma once
// How one API server is reached, and as whom.
//
// Whoever watches opens a connection of its own:
//
//   auto client = credentials->connect();                                   // TLS as the cluster wants it; not connected yet
//   (*client)->send("GET", credentials->path("/api/v1/pods?watch=true"), credentials->headers(), "");
//   status 401: if (credentials->renew()) send once more; any other failure: api_error() in api_error.h words it.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http/message.h"
#include "net/http/stream_client.h"
#include "net/http/tls.h"

namespace reeve::kube {

// What a kubeconfig or a service account says. Secrets in it are for requests only, never for messages.
struct ClusterAccess {
  std::string name{};       // of the context, or "in-cluster": for messages
  std::string server{};     // "https://host:port"
  std::string base_path{};  // "/k8s/clusters/c-1" where a proxy stands before the API; mostly empty
  http::TlsOptions tls{};
  std::string namespace_name = "default";
  std::string token{};       // empty: none, or only that of the file
  std::string token_file{};  // read again and again; what it says goes before `token`
};

// Invalid argument: the URL cannot be one of an API server.
Status set_server(ClusterAccess& access, std::string_view url);

inline constexpr std::chrono::seconds token_age_max{60};  // then the file is read again: such tokens are replaced hourly

// Threads: any.
class Credentials {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  explicit Credentials(ClusterAccess access, Now now = std::chrono::steady_clock::now);

  const ClusterAccess& access() const { return access_; }

  // Authorization (with the token of now) and User-Agent.
  http::Headers headers();

  // After a 401: reads the token's file at once. True when the token is another than that of the last headers(), so that
  // asking again makes sense.
  bool renew();

  // `path` as the server wants it: behind the base path.
  std::string path(std::string_view path) const { return access_.base_path + std::string(path); }

  // A connection for one thread. `options.tls` is not used. Invalid argument: a certificate or a key is not usable.
  Result<std::unique_ptr<http::StreamClient>> connect(http::StreamClientOptions options = {}) const;

 private:
  void read_token();

  const ClusterAccess access_;
  const Now now_;
  std::mutex mutex_{};  // guards what follows
  std::string token_;
  std::string shown_{};  // by the last headers()
  std::optional<std::chrono::steady_clock::time_point> read_at_{};
};

}  // namespace reeve::kube
