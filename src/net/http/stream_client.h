#pragma once
// One kept-alive client connection, plain or TLS, whose answers are read piece by piece: for bodies that never end
// (watches) or that are too large to keep (lists).

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http/message.h"
#include "net/http/tls.h"

namespace reeve::http {

struct ResponseHead {
  int status = 0;
  Headers headers{};
};

struct StreamClientOptions {
  TlsOptions tls{};                       // used for https URLs
  Milliseconds connect_timeout{10'000};   // name, TCP and TLS handshake together
  Milliseconds response_timeout{30'000};  // from the request to the end of the head
  std::size_t head_bytes_max = 64 << 10;
};

// Threads: one uses it at a time; cancel() may be called from any other, at any time, and makes the call in progress
// and all later ones fail with `unavailable`.
// Failures: unavailable (refused, reset, not trusted, cancelled), timed_out. After a failure the next send() connects anew.
class StreamClient {
 public:
  // `url` is "https://host:port" without a path. Invalid argument: the URL, a certificate or a key is not usable. Does not connect.
  static Result<std::unique_ptr<StreamClient>> create(const std::string& url, StreamClientOptions options);

  virtual ~StreamClient() = default;

  // Sends one request (connects first when needed; a kept-alive connection that the peer has closed is opened again once)
  // and reads the head of the answer. A body of an earlier answer that was not read to its end closes the connection.
  virtual Result<ResponseHead> send(const std::string& method, const std::string& target, const Headers& headers,
                                    std::string_view body) = 0;

  // The next bytes of the body, valid until the next call; empty at the end. timed_out: nothing came for `idle`.
  virtual Result<std::string_view> read_some(Milliseconds idle) = 0;

  // The whole rest of the body. Invalid argument: more than `bytes_max`.
  virtual Result<std::string> read_all(Milliseconds idle, std::size_t bytes_max) = 0;

  virtual void cancel() = 0;
  virtual void close() = 0;  // drops the connection; the next send() connects anew
};

}  // namespace reeve::http
