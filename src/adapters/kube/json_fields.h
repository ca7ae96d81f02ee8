#pragma once
// Fields of a JSON object that another program wrote: what is missing or of another type is absent.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace reeve::kube {

// A view: the document must outlive it.
class JsonFields {
 public:
  JsonFields() = default;
  explicit JsonFields(const boost::json::value& value) : object_(value.if_object()) {}
  explicit JsonFields(const boost::json::object& object) : object_(&object) {}

  bool is_object() const { return object_ != nullptr; }
  std::string_view text(std::string_view key) const;  // empty: absent
  std::optional<std::int64_t> integer(std::string_view key) const;
  bool flag(std::string_view key) const;  // absent is false
  std::optional<Timestamp> time(std::string_view key) const;
  JsonFields object(std::string_view key) const;                // without fields when absent
  const boost::json::array& array(std::string_view key) const;  // empty when absent
  std::vector<std::string> texts(std::string_view key) const;   // the strings of an array
  const boost::json::object& all() const;

 private:
  const boost::json::value* find(std::string_view key) const;
  const boost::json::object* object_ = nullptr;
};

}  // namespace reeve::kube
