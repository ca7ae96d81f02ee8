#pragma once
// HTTP/1.1 client side: single requests, and many at once over kept-alive connections.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/http/message.h"
#include "net/http/tls.h"

namespace reeve::http {

struct Url {
  std::string scheme{};  // "http" or "https"
  std::string host{};
  std::string port{};    // always set: the scheme's own when the text has none
  std::string target{};  // "/metrics?x=y"; "/" when the text has none
};

Result<Url> parse_url(std::string_view text);

struct ClientOptions {
  Milliseconds timeout{10'000};           // for the whole exchange
  std::size_t body_bytes_max = 64 << 20;  // larger: an error
  TlsOptions tls{};                       // used for https URLs
};

// One exchange on its own connection; blocks. Errors: unavailable (no connection, reset, not trusted), timed_out,
// invalid_argument (bad URL, certificate or key). Any HTTP status is a success here.
Result<Response> request(const std::string& method, const std::string& url, const Headers& headers, const std::string& body,
                         const ClientOptions& options = {});

}  // namespace reeve::http
