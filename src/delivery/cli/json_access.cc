#include "delivery/cli/json_access.h"

#include <fmt/format.h>
#include <boost/json/object.hpp>

namespace reeve::cli {

using boost::json::value;

const value* member(const value& document, std::string_view name) {
  const auto* object = document.if_object();
  const value* found = object == nullptr ? nullptr : object->if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string text_at(const value& document, std::string_view name) {
  const value* found = member(document, name);
  return found == nullptr ? std::string() : plain_text(*found);
}

std::optional<double> number_at(const value& document, std::string_view name) {
  const value* found = member(document, name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->to_number<double>();
}

std::optional<bool> flag_at(const value& document, std::string_view name) {
  const value* found = member(document, name);
  if (found == nullptr || !found->is_bool()) return std::nullopt;
  return found->get_bool();
}

std::optional<Timestamp> time_at(const value& document, std::string_view name) { return parse_rfc3339(text_at(document, name)); }

const boost::json::array& array_at(const value& document, std::string_view name) {
  static const boost::json::array none;
  const value* found = member(document, name);
  return found == nullptr || !found->is_array() ? none : found->get_array();
}

const boost::json::array& items_of(const value& document) {
  return document.is_array() ? document.get_array() : array_at(document, "items");
}

std::string plain_text(const value& scalar) {
  switch (scalar.kind()) {
    case boost::json::kind::string: return std::string(std::string_view(scalar.get_string()));
    case boost::json::kind::int64: return fmt::to_string(scalar.get_int64());
    case boost::json::kind::uint64: return fmt::to_string(scalar.get_uint64());
    case boost::json::kind::double_: return fmt::format("{}", scalar.get_double());
    case boost::json::kind::bool_: return scalar.get_bool() ? "true" : "false";
    case boost::json::kind::null:
    case boost::json::kind::array:
    case boost::json::kind::object: break;
  }
  return {};
}

}  // namespace reeve::cli
