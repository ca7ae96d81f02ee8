#pragma once
// Takes typed members out of a JSON object, notes the first fault with its path, and refuses what nobody took.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace reeve::sim {

// The first fault of a whole document.
class Fault {
 public:
  void note(const std::string& path, std::string_view why);
  bool any() const { return error_.has_value(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_{};
};

class ObjectReader {
 public:
  // `value`, `fault` outlive the reader. A value that is no object is a fault and reads as empty.
  ObjectReader(const boost::json::value& value, std::string path, Fault& fault);

  const std::string& path() const { return path_; }
  std::string path_of(std::string_view key) const;
  Fault& fault() { return fault_; }

  const boost::json::value* find(std::string_view key);  // nullptr when absent
  std::string text(std::string_view key, std::string otherwise = {});
  bool flag(std::string_view key, bool otherwise);
  double number(std::string_view key, double otherwise, double min, double max);
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t min, std::int64_t max);

  // A fault for each member that was not asked for.
  void refuse_the_rest();

 private:
  const boost::json::object* object_;
  std::string path_;
  Fault& fault_;
  std::set<std::string, std::less<>> taken_{};
};

}  // namespace reeve::sim
