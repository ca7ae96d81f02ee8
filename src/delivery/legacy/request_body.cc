#include "delivery/legacy/request_body.h"

#include <cmath>

#include <fmt/format.h>

#include "base/parse.h"
#include "codec/json_parse.h"

namespace reeve::legacy {
namespace {

constexpr double whole_max = 2147483647;  // Java's int

bool is_json(const http::Request& request) {
  const std::string_view type = request.header("Content-Type").value_or("");
  const std::string_view media = type.substr(0, type.find(';'));
  return media.starts_with("application/") && media.find("json") != std::string_view::npos;
}

std::optional<double> number_of(const boost::json::value& value) {
  if (value.is_string()) return parse_number<double>(std::string_view(value.get_string()));
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (value.is_double()) return value.get_double();
  return std::nullopt;
}

}  // namespace

std::variant<RequestBody, int> RequestBody::parse(const http::Request& request) {
  if (!is_json(request)) return 415;
  auto document = parse_json(request.body);
  if (!document || !document->is_object()) return 400;
  return RequestBody(std::move(document->get_object()));
}

const boost::json::value* RequestBody::find(std::string_view name) const {
  const boost::json::value* value = fields_.if_contains(name);
  if (value == nullptr || value->is_null() || (value->is_string() && value->get_string().empty())) return nullptr;
  return value;
}

std::string RequestBody::text(std::string_view name) {
  const boost::json::value* value = find(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(std::string_view(value->get_string()));
  if (value->is_bool()) return value->get_bool() ? "true" : "false";
  if (const auto number = number_of(*value)) return fmt::format("{}", *number);
  broken_ = true;
  return {};
}

std::optional<double> RequestBody::real(std::string_view name) {
  const boost::json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto number = number_of(*value);
  if (number && std::isfinite(*number)) return number;
  broken_ = true;
  return std::nullopt;
}

std::optional<std::int64_t> RequestBody::whole(std::string_view name) {
  const auto number = real(name);
  if (!number) return std::nullopt;
  if (std::abs(*number) <= whole_max) return static_cast<std::int64_t>(*number);
  broken_ = true;
  return std::nullopt;
}

bool RequestBody::flag(std::string_view name) {
  const boost::json::value* value = find(name);
  if (value == nullptr) return false;
  if (value->is_bool()) return value->get_bool();
  if (value->is_string()) {
    const std::string_view word = value->get_string();
    if (word == "true" || word == "True" || word == "TRUE") return true;
    if (word == "false" || word == "False" || word == "FALSE") return false;
  } else if (const auto number = number_of(*value)) {
    return *number != 0;
  }
  broken_ = true;
  return false;
}

std::optional<Timestamp> RequestBody::time(std::string_view name, const LocalZone& zone) {
  const boost::json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto time = value->is_string() ? zone.parse_time(std::string_view(value->get_string())) : std::nullopt;
  if (!time) broken_ = true;
  return time;
}

}  // namespace reeve::legacy
