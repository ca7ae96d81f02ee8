#pragma once
// An HTTP/1.1 server on plain TCP. One event loop per thread, SO_REUSEPORT, no lock between connections.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/http/message.h"

namespace reeve::http {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system picks one; Server::port() tells
  int threads = 2;
  std::size_t body_bytes_max = 1 << 20;            // larger: 413, connection closed
  std::size_t header_bytes_max = 16 << 10;         // larger: 431
  std::size_t connections_max = 4096;              // more: accepted later
  std::size_t stream_backlog_bytes_max = 4 << 20;  // a slower reader of a stream is cut off
  Milliseconds idle_timeout{60'000};               // a kept-alive connection without a request
  Milliseconds request_timeout{30'000};            // from the first byte of a request to its last (slow loris): 408; and for
                                                   // each step of a client that reads its answer: closed
  std::size_t compress_from_bytes = 1024;          // gzip from this body size when the client accepts it
};

// Runs from start() until it is destroyed; destruction closes all connections and joins the threads.
class Server {
 public:
  // `handler` is called on the server's threads. Unavailable: the address cannot be bound.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler);

  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
};

}  // namespace reeve::http
