#include "sim/model/scenario_reader.h"

#include <fmt/format.h>

namespace reeve::sim {
namespace {

const boost::json::object no_members{};

std::optional<double> number_of(const boost::json::value& value) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  return std::nullopt;
}

}  // namespace

void Fault::note(const std::string& path, std::string_view why) {
  if (!error_) error_ = Error{Errc::invalid_argument, fmt::format("cannot read scenario: {}: {}", path.empty() ? "it" : path, why), path};
}

ObjectReader::ObjectReader(const boost::json::value& value, std::string path, Fault& fault)
    : object_(value.is_object() ? &value.get_object() : &no_members), path_(std::move(path)), fault_(fault) {
  if (!value.is_object()) fault_.note(path_, "it is no object");
}

std::string ObjectReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const boost::json::value* ObjectReader::find(std::string_view key) {
  taken_.emplace(key);
  return object_->if_contains(key);
}

std::string ObjectReader::text(std::string_view key, std::string otherwise) {
  const boost::json::value* value = find(key);
  if (value == nullptr) return otherwise;
  if (value->is_string()) return std::string(value->get_string());
  fault_.note(path_of(key), "it is no text");
  return otherwise;
}

bool ObjectReader::flag(std::string_view key, bool otherwise) {
  const boost::json::value* value = find(key);
  if (value == nullptr) return otherwise;
  if (value->is_bool()) return value->get_bool();
  fault_.note(path_of(key), "it is neither true nor false");
  return otherwise;
}

double ObjectReader::number(std::string_view key, double otherwise, double min, double max) {
  const boost::json::value* value = find(key);
  if (value == nullptr) return otherwise;
  const std::optional<double> number = number_of(*value);
  if (number && *number >= min && *number <= max) return *number;
  fault_.note(path_of(key), fmt::format("it is no number in [{}, {}]", min, max));
  return otherwise;
}

std::int64_t ObjectReader::integer(std::string_view key, std::int64_t otherwise, std::int64_t min, std::int64_t max) {
  const boost::json::value* value = find(key);
  if (value == nullptr) return otherwise;
  if (value->is_int64() && value->get_int64() >= min && value->get_int64() <= max) return value->get_int64();
  fault_.note(path_of(key), fmt::format("it is no whole number in [{}, {}]", min, max));
  return otherwise;
}

void ObjectReader::refuse_the_rest() {
  for (const auto& member : *object_)
    if (!taken_.contains(std::string_view(member.key()))) fault_.note(path_of(std::string_view(member.key())), "nobody knows this member");
}

}  // namespace reeve::sim
