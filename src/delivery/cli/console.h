#pragma once
// What the command line needs from the world, so that a test can run every command without a terminal, a
// network or a clock.

#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/http/message.h"

namespace reeve::cli {

// One HTTP exchange with a server. Errors are those of http::request.
struct Call {
  std::string method{};  // "GET"
  std::string url{};     // "http://127.0.0.1:8080/api/v1/nodes?limit=5"
  http::Headers headers{};
  std::string body{};
  Milliseconds timeout{};
  std::string ca_pem{};  // what an https server is trusted by; empty: what the system trusts
};

// Threads: one at a time, save `exchange`, which `top` calls on a thread of its own.
struct Console {
  std::ostream& out;
  std::ostream& err;
  std::string program = "reeve";  // as it was called: "reeve" or "kubectl-reeve"
  std::string version{};
  bool out_is_terminal = false;
  std::function<std::optional<std::string>(const std::string&)> environment{};
  std::function<Timestamp()> now{};
  std::function<bool(Milliseconds)> wait{};                            // false: stop repeating
  std::function<std::string()> new_key{};                              // for Idempotency-Key; never the same twice
  std::function<Result<std::string>(const std::string&)> read_file{};  // "-": standard input
  std::function<Result<http::Response>(const Call&)> exchange{};
};

// The real one: standard streams, environment, system clock, TCP and TLS.
Console system_console(std::string program, std::string version);

}  // namespace reeve::cli
