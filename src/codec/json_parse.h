#pragma once
// JSON text into a document. Boost.JSON's value is the document type of the whole project.

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace reeve {

struct JsonLimits {
  std::size_t depth_max = 32;  // nobody's request is deeper; a bomb is
  std::size_t bytes_max = 64 << 20;
};

// Invalid argument, with the byte offset and the reason: not JSON, too deep, too large, text behind the value.
Result<boost::json::value> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace reeve
