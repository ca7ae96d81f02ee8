#include "delivery/rest/request_reader.h"

#include <algorithm>
#include <cmath>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include "base/parse.h"
#include "codec/json_parse.h"

namespace reeve::rest {
namespace {

constexpr JsonLimits body_limits{.depth_max = 16, .bytes_max = 1 << 20};

Problem fault(std::string_view kind, std::string_view name, std::string_view why, std::vector<std::string> allowed) {
  return {.code = ApiCode::invalid_request,
          .detail = fmt::format("cannot read {} '{}': {}", kind, name, why),
          .field = std::string(name),
          .allowed = std::move(allowed)};
}

std::string out_of_range(std::int64_t min, std::int64_t max) { return fmt::format("it is not a whole number from {} to {}", min, max); }

constexpr const char* not_a_time = "it is not a time like 2026-11-24T22:51:42Z (RFC 3339 with a zone)";

bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.ends_with("json") || type.ends_with("json ");
}

}  // namespace

void QueryReader::refuse(std::string_view name, const std::string& why, std::vector<std::string> allowed) {
  if (!fault_) fault_ = fault("parameter", name, why, std::move(allowed));
}

std::optional<std::string> QueryReader::text(std::string_view name) {
  asked_.emplace_back(name);
  const auto given = request_.parameter(name);
  if (!given || given->empty()) return std::nullopt;
  if (given->size() > text_bytes_max) {
    refuse(name, fmt::format("it has {} bytes, at most {} are allowed", given->size(), text_bytes_max));
    return std::nullopt;
  }
  return std::string(*given);
}

std::optional<bool> QueryReader::flag(std::string_view name) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  if (*given != "true" && *given != "false") refuse(name, "it is neither true nor false", {"true", "false"});
  return *given == "true";
}

std::optional<std::int64_t> QueryReader::number(std::string_view name, std::int64_t min, std::int64_t max) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto parsed = parse_number<std::int64_t>(*given);
  if (parsed && *parsed >= min && *parsed <= max) return parsed;
  refuse(name, out_of_range(min, max));
  return std::nullopt;
}

std::optional<Timestamp> QueryReader::time(std::string_view name) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto parsed = parse_rfc3339(*given);
  if (!parsed) refuse(name, not_a_time);
  return parsed;
}

std::vector<std::string> QueryReader::words(std::string_view name) {
  std::vector<std::string> words;
  const auto given = text(name);
  if (!given) return words;
  for (std::string_view rest = *given; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

std::optional<Problem> QueryReader::finish() {
  for (const auto& [name, value] : request_.query) {
    if (std::ranges::find(asked_, name) == asked_.end()) {
      std::vector<std::string> known = asked_;
      return fault("parameter", name, "this resource does not take it", std::move(known));
    }
    if (std::ranges::count(request_.query, name, [](const auto& pair) { return pair.first; }) > 1)
      refuse(name, "it is given more than once");
  }
  return fault_;
}

BodyReader::BodyReader(const http::Request& request) {
  if (!is_json(request.header("Content-Type").value_or("application/json"))) {
    fault_ = Problem{.code = ApiCode::unsupported_media_type,
                     .detail = "cannot read the body: its Content-Type is not application/json",
                     .field = "Content-Type"};
    return;
  }
  auto parsed = parse_json(request.body, body_limits);
  if (!parsed)
    fault_ = problem_of(parsed.error());
  else if (!parsed->is_object())
    fault_ = Problem{.code = ApiCode::invalid_request, .detail = "cannot read the body: it is not a JSON object"};
  else
    body_ = std::move(parsed->as_object());
}

void BodyReader::refuse(std::string_view name, const std::string& why, std::vector<std::string> allowed) {
  if (!fault_) fault_ = fault("field", name, why, std::move(allowed));
}

void BodyReader::require(std::string_view name) {
  const auto* value = body_.if_contains(name);
  if (value == nullptr || value->is_null()) refuse(name, "it is required");
}

const boost::json::value* BodyReader::find(std::string_view name) {
  asked_.emplace_back(name);
  const boost::json::value* value = body_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::string> BodyReader::text(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    refuse(name, "it is not a string");
    return std::nullopt;
  }
  const auto& text = value->as_string();
  if (text.size() > text_bytes_max) refuse(name, fmt::format("it has {} bytes, at most {} are allowed", text.size(), text_bytes_max));
  if (text.find('\0') != boost::json::string::npos) refuse(name, "it holds a NUL character");
  return std::string(text);
}

std::string BodyReader::required_text(std::string_view name) {
  require(name);
  return text(name).value_or("");
}

std::optional<bool> BodyReader::flag(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_bool()) {
    refuse(name, "it is neither true nor false");
    return std::nullopt;
  }
  return value->as_bool();
}

std::optional<std::int64_t> BodyReader::number(std::string_view name, std::int64_t min, std::int64_t max) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64() && value->as_int64() >= min && value->as_int64() <= max) return value->as_int64();
  refuse(name, out_of_range(min, max));
  return std::nullopt;
}

std::int64_t BodyReader::required_number(std::string_view name, std::int64_t min, std::int64_t max) {
  require(name);
  return number(name, min, max).value_or(min);
}

std::optional<double> BodyReader::amount(std::string_view name, double max) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) {
    const double amount = value->is_double() ? value->as_double() : value->is_int64() ? static_cast<double>(value->as_int64()) : 1e300;
    if (std::isfinite(amount) && amount >= 0 && amount <= max) return amount;
  }
  refuse(name, fmt::format("it is not a number from 0 to {}", max));
  return std::nullopt;
}

std::optional<Timestamp> BodyReader::time(std::string_view name) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto parsed = parse_rfc3339(*given);
  if (!parsed) refuse(name, not_a_time);
  return parsed;
}

std::map<std::string, std::string> BodyReader::labels(std::string_view name) {
  std::map<std::string, std::string> labels;
  const auto* value = find(name);
  if (value == nullptr) return labels;
  if (!value->is_object()) {
    refuse(name, "it is not an object of strings");
    return labels;
  }
  if (value->as_object().size() > labels_max) refuse(name, fmt::format("it has more than {} entries", labels_max));
  for (const auto& [key, text] : value->as_object()) {
    const std::string place = fmt::format("{}.{}", name, std::string_view(key));
    if (!text.is_string())
      refuse(place, "it is not a string");
    else if (text.as_string().size() > text_bytes_max || key.size() > text_bytes_max)
      refuse(place, fmt::format("it has more than {} bytes", text_bytes_max));
    else
      labels[std::string(key)] = std::string(text.as_string());
  }
  return labels;
}

std::optional<Problem> BodyReader::finish() {
  for (const auto& [name, value] : body_)
    if (std::ranges::find(asked_, std::string_view(name)) == asked_.end())
      return fault("field", std::string_view(name), "this request does not have it", asked_);
  return fault_;
}

std::string BodyReader::digest() const {
  const std::string text = boost::json::serialize(body_);
  return fmt::format("{:016x}-{}", std::hash<std::string>{}(text), text.size());
}

}  // namespace reeve::rest
