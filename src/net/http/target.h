#pragma once
// The request target of a request line, taken apart and percent-decoded.

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http/message.h"

namespace reeve::http {

struct Target {
  std::string path{};  // decoded; begins with '/'
  Query query{};       // decoded; "+" is a blank in names and values
};

// "/api/v1/devices?node=n%201", or the same with "http://host" before it. Invalid argument: no leading slash,
// a bad escape, an escaped NUL, or text that is not UTF-8 after decoding. A fragment is cut off.
Result<Target> parse_target(std::string_view text);

// Escapes what may not stand in a path segment or in a query value.
std::string percent_encode(std::string_view text);

}  // namespace reeve::http
