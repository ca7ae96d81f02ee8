#pragma once
// The body of a request, read as leniently as the old system's Jackson did: unknown fields are ignored,
// numbers may come as text and text as numbers, null and "" mean "not given".

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "delivery/legacy/answer.h"

namespace reeve::legacy {

class RequestBody {
 public:
  // The status to refuse with: 415 (not JSON by its Content-Type) or 400 (malformed, or no object).
  static std::variant<RequestBody, int> parse(const http::Request& request);

  std::string text(std::string_view name);  // empty: not given
  std::optional<std::int64_t> whole(std::string_view name);
  std::optional<double> real(std::string_view name);
  bool flag(std::string_view name);  // false: not given
  std::optional<Timestamp> time(std::string_view name, const LocalZone& zone);

  // Did some field read so far have a value of no use? Then the whole body is a 400.
  bool broken() const { return broken_; }

 private:
  explicit RequestBody(boost::json::object fields) : fields_(std::move(fields)) {}

  // nullptr: not given
  const boost::json::value* find(std::string_view name) const;

  boost::json::object fields_;
  bool broken_ = false;
};

}  // namespace reeve::legacy
