#pragma once
// What every endpoint of the old API has in common: the shape of answers and errors, lenient parameters,
// CORS.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/json_writer.h"
#include "delivery/legacy/legacy_api.h"
#include "net/http/message.h"

namespace reeve::legacy {

// A document in the old system's print.
template <class Write>
std::string print_json(Write&& write) {
  std::string body;
  JsonWriter json(body, JsonStyle::jackson);
  write(json);
  return body;
}

// Text that nobody told is unknown (null), not empty.
void text_field(JsonWriter& json, std::string_view name, const std::string& text);

// What the old system called groups without a name.
const std::string& or_unknown(const std::string& text);

// ASCII only.
std::string upper_case(std::string text);

// What a controller answered when it refused: a status and no body.
http::Response empty_response(int status);

// What the framework answered before a controller was reached: {"timestamp", "status", "error", "path"}.
http::Response framework_error(const LegacyApi& api, int status, std::string_view path);

// A whole number as Java reads it: blanks around and a plus sign are fine; absent or empty means `standard`.
// Absent result: not a number, or beyond 32 bits.
std::optional<int> whole_parameter(const http::Request& request, std::string_view name, int standard);

// Empty text counts as absent.
std::optional<std::string> text_parameter(const http::Request& request, std::string_view name);

// Adds CORS headers to what `handler` answers, and refuses (406, no body) who does not accept JSON.
http::Handler for_old_clients(http::Handler handler);

// Answers OPTIONS on a path where `methods` ("GET,POST") are served.
http::Handler preflight(std::string methods);

// A handler whose `answer` may wait: it runs on the pool; 503 without a body when the pool is full.
http::Handler on_pool(RunSlow run_slow, std::function<http::Response(const http::Request&)> answer);

}  // namespace reeve::legacy
