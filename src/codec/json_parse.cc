#include "codec/json_parse.h"

#include <boost/json/parse_options.hpp>
#include <boost/json/parser.hpp>

#include <fmt/format.h>

namespace reeve {

Result<boost::json::value> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max)
    return Error{Errc::invalid_argument,
                 fmt::format("cannot read JSON: {} bytes are more than the {} allowed", text.size(), limits.bytes_max)};
  boost::json::parse_options options;
  options.max_depth = limits.depth_max;
  boost::json::parser parser({}, options);
  boost::system::error_code error;
  const std::size_t read = parser.write(text.data(), text.size(), error);
  if (error) return Error{Errc::invalid_argument, fmt::format("cannot read JSON: {} at byte {}", error.message(), read)};
  return parser.release();
}

}  // namespace reeve
