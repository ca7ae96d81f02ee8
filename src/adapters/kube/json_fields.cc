#include "adapters/kube/json_fields.h"

#include <limits>

namespace reeve::kube {
namespace {

const boost::json::object no_fields{};
const boost::json::array no_elements{};

}  // namespace

const boost::json::value* JsonFields::find(std::string_view key) const { return object_ == nullptr ? nullptr : object_->if_contains(key); }

std::string_view JsonFields::text(std::string_view key) const {
  const boost::json::value* value = find(key);
  const boost::json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

std::optional<std::int64_t> JsonFields::integer(std::string_view key) const {
  const boost::json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const std::int64_t* number = value->if_int64()) return *number;
  if (value->is_uint64()) return std::numeric_limits<std::int64_t>::max();  // larger than any that is meant
  return std::nullopt;
}

bool JsonFields::flag(std::string_view key) const {
  const boost::json::value* value = find(key);
  const bool* flag = value == nullptr ? nullptr : value->if_bool();
  return flag != nullptr && *flag;
}

std::optional<Timestamp> JsonFields::time(std::string_view key) const {
  const std::string_view written = text(key);
  return written.empty() ? std::nullopt : parse_rfc3339(written);
}

JsonFields JsonFields::object(std::string_view key) const {
  const boost::json::value* value = find(key);
  return value == nullptr ? JsonFields() : JsonFields(*value);
}

const boost::json::array& JsonFields::array(std::string_view key) const {
  const boost::json::value* value = find(key);
  const boost::json::array* array = value == nullptr ? nullptr : value->if_array();
  return array == nullptr ? no_elements : *array;
}

std::vector<std::string> JsonFields::texts(std::string_view key) const {
  const boost::json::array& elements = array(key);
  std::vector<std::string> found;
  found.reserve(elements.size());
  for (const auto& element : elements)
    if (const auto* text = element.if_string()) found.emplace_back(text->data(), text->size());
  return found;
}

const boost::json::object& JsonFields::all() const { return object_ == nullptr ? no_fields : *object_; }

}  // namespace reeve::kube
