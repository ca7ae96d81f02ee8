#include "delivery/cli/cells.h"

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "delivery/cli/json_access.h"

namespace reeve::cli {
namespace {

constexpr double bytes_per_mib = 1 << 20;

std::optional<double> inner_number(const Json& item, const char* object, const char* name) {
  const Json* inner = member(item, object);
  return inner == nullptr ? std::nullopt : number_at(*inner, name);
}

}  // namespace

Cell text(const char* name) {
  return [name](const Json& item, Timestamp) { return or_dash(text_at(item, name)); };
}
Cell count(const char* name) {
  return [name](const Json& item, Timestamp) { return count_text(number_at(item, name)); };
}
Cell age(const char* name) {
  return [name](const Json& item, Timestamp now) { return age_text(time_at(item, name), now); };
}
Cell yes_no(const char* name) {
  return [name](const Json& item, Timestamp) { return yes_no_text(flag_at(item, name)); };
}
Cell usd(const char* name) {
  return [name](const Json& item, Timestamp) { return usd_text(number_at(item, name)); };
}
Cell measured(const char* name, Measure measure) {
  return [name, measure](const Json& item, Timestamp) { return measure(number_at(item, name)); };
}
Cell inner_count(const char* object, const char* name) { return inner_measured(object, name, count_text); }
Cell inner_measured(const char* object, const char* name, Measure measure) {
  return [object, name, measure](const Json& item, Timestamp) { return measure(inner_number(item, object, name)); };
}

std::optional<double> value_at(const Json& item, std::string_view metric) {
  const Json* values = member(item, "values");
  return values == nullptr ? std::nullopt : number_at(*values, metric);
}
Cell value(const char* metric, Measure measure) {
  return [metric, measure](const Json& item, Timestamp) { return measure(value_at(item, metric)); };
}

std::string joined(const Json& item, const char* name) {
  std::string list;
  for (const Json& entry : array_at(item, name)) list += (list.empty() ? "" : ",") + plain_text(entry);
  return or_dash(list);
}
Cell list(const char* name) {
  return [name](const Json& item, Timestamp) { return joined(item, name); };
}

std::string labels(const Json& item, Timestamp) {
  const Json* found = member(item, "labels");
  std::string list;
  if (found != nullptr && found->is_object())
    for (const auto& [key, entry] : found->get_object()) list += (list.empty() ? "" : ",") + std::string(key) + "=" + plain_text(entry);
  return or_dash(list);
}

std::string cores_text(std::optional<double> cores) { return cores ? fmt::format("{:.0f}m", *cores * 1000) : "-"; }
std::string bytes_text(std::optional<double> bytes) { return mib_text(bytes ? std::optional(*bytes / bytes_per_mib) : std::nullopt); }
std::string per_second_text(std::optional<double> per_second) { return per_second ? fmt::format("{:.1f}", *per_second) : "-"; }
std::string ratio_text(std::optional<double> ratio) { return percent_text(ratio ? std::optional(*ratio * 100) : std::nullopt); }
std::string seconds_text(std::optional<double> seconds) {
  if (!seconds) return "-";
  return *seconds < 1 ? fmt::format("{:.0f}ms", *seconds * 1000) : fmt::format("{:.2f}s", *seconds);
}

}  // namespace reeve::cli
