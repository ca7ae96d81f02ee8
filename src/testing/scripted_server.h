#pragma once
// A server of one connection after the other, or many at once, that does exactly what a test's script tells it, over
// plain TCP or TLS. For clients' tests: what http::Server would never do (cut, stall, close) is the point here.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/time.h"
#include "testing/test_certificates.h"

namespace reeve {

struct ScriptedTls {
  TestCertificate own{};
  std::string client_ca_pem{};  // not empty: a certificate of it is demanded
};

// One accepted connection. Used by its script only; reads wait 10 s at most.
class ScriptedPeer {
 public:
  virtual ~ScriptedPeer() = default;
  // Head and body (Content-Length) of the next request; absent when the client is gone.
  virtual std::optional<std::string> read_request() = 0;
  virtual bool write(std::string_view bytes) = 0;  // false: the client is gone
  // Waits until the client closes or the server ends.
  virtual void wait_for_end() = 0;
  virtual void cut() = 0;                       // closes the way to the client at once, under TLS without its farewell
  virtual int number() const = 0;               // 1 for the first connection
  virtual std::string server_name() const = 0;  // that the client asked for by SNI; empty: none
};

class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedPeer&)>;

  // `script` runs in a thread of each connection; when it returns the connection is closed (TLS: with its alert).
  explicit ScriptedServer(Script script, std::optional<ScriptedTls> tls = std::nullopt);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& host = "127.0.0.1") const;  // "https://127.0.0.1:41234"
  int connections() const { return connections_; }               // accepted so far

 private:
  struct Secrets;
  void accept_all();
  void serve(int socket, int number);

  const Script script_;
  std::unique_ptr<Secrets> secrets_;  // null: plain
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_{};  // guards what follows
  bool ending_ = false;
  std::vector<int> sockets_{};
  std::vector<std::jthread> peers_{};
  std::jthread acceptor_{};
};

// An answer with its Content-Length.
std::string http_answer(int status, std::string_view body, std::string_view more_headers = {});
std::string http_chunk(std::string_view bytes);
inline constexpr std::string_view chunked_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace reeve
