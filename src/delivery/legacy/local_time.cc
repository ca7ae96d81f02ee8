#include "delivery/legacy/local_time.h"

#include <array>

#include <fmt/format.h>

#include "base/parse.h"

namespace reeve::legacy {
namespace {

struct NamedZone {
  std::string_view name;
  std::chrono::minutes offset;
};
constexpr std::array named_zones{NamedZone{"Asia/Seoul", std::chrono::hours(9)}, NamedZone{"Asia/Tokyo", std::chrono::hours(9)},
                                 NamedZone{"UTC", std::chrono::hours(0)}};

constexpr std::chrono::hours offset_max(14);

std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = parse_number<unsigned>(text.substr(1, 2));
  const auto minutes = parse_number<unsigned>(text.substr(4, 2));
  if (!hours || !minutes || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  if (offset > offset_max) return std::nullopt;
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

Result<LocalZone> LocalZone::parse(std::string_view text) {
  for (const NamedZone& zone : named_zones)
    if (zone.name == text) return LocalZone(zone.offset);
  if (const auto offset = parse_offset(text)) return LocalZone(*offset);
  return Error{Errc::invalid_argument,
               fmt::format("cannot use time zone '{}': give Asia/Seoul, Asia/Tokyo, UTC or an offset such as +09:00", text)};
}

std::string LocalZone::format(Timestamp time) const {
  std::string text = to_rfc3339(time + offset_);
  text.pop_back();  // the Z, which would be a lie
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  // "12:00:00.000" loses its fraction only: the seconds keep their zeros.
  constexpr std::size_t length_of_seconds = std::string_view("2026-11-24T20:03:12").size();
  if (text.size() < length_of_seconds) text.resize(length_of_seconds, '0');
  return text;
}

std::string LocalZone::format_in_error(Timestamp time) const {
  std::string text = to_rfc3339(time + offset_).substr(0, std::string_view("2026-11-24T20:03:12").size());
  text[10] = ' ';
  return text;
}

std::optional<Timestamp> LocalZone::parse_time(std::string_view text) const {
  std::string local(text);
  if (local.ends_with('Z')) local.pop_back();
  constexpr std::size_t length_of_minutes = std::string_view("2027-08-04T12:00").size();
  if (local.size() == length_of_minutes) local += ":00";
  if (local.size() < length_of_minutes || local[10] != 'T' || local.find_first_of("zZ+", 11) != std::string::npos) return std::nullopt;
  if (local.find('-', 11) != std::string::npos) return std::nullopt;
  const auto as_utc = parse_rfc3339(local + "Z");
  if (!as_utc) return std::nullopt;
  return *as_utc - offset_;
}

int LocalZone::hour_of_day(Timestamp time) const {
  const auto local = time + offset_;
  return static_cast<int>(std::chrono::floor<std::chrono::hours>(local - std::chrono::floor<std::chrono::days>(local)).count());
}

}  // namespace reeve::legacy
