#pragma once
// The REST API as the commands see it: a path and parameters in, a document or an Error with a mend out.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "delivery/cli/console.h"

namespace reeve::cli {

using Json = boost::json::value;
using Parameters = std::vector<std::pair<std::string, std::string>>;

// "100%" -> "100%25": safe in a path segment and in a query.
std::string percent_encoded(std::string_view text);

// Errors carry what the caller can do: not_found (404), conflict (409, 412), exhausted (429), invalid_argument
// (other 4xx), unauthorized (401, 403), unavailable and timed_out (no answer), internal (5xx, no JSON).
class Api {
 public:
  // `ca_file`: PEM certificates that an https server is trusted by; empty: those of the system.
  Api(const Console& console, std::string server, std::string ca_file, Milliseconds timeout);

  Result<Json> get(const std::string& path, const Parameters& parameters = {}) const;
  // Every page of a list as one: {"items":[...],"next_cursor":...,"total":n}. With `limit` no more than that many.
  Result<Json> list(const std::string& path, Parameters parameters, std::optional<std::size_t> limit) const;
  // With a key, no answer is asked for once more: the server does the work once only.
  Result<Json> post(const std::string& path, const std::string& body, const std::string& idempotency_key) const;
  Result<Json> remove(const std::string& path) const;

  const std::string& server() const { return server_; }

 private:
  // The document of the answer; null when there is none.
  Result<Json> send(const std::string& method, const std::string& path, const Parameters& parameters, http::Headers headers,
                    const std::string& body) const;

  const Console& console_;
  std::string server_;
  std::string ca_file_;
  Milliseconds timeout_;
};

}  // namespace reeve::cli
