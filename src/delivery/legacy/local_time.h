#pragma once
// The old system's times: local, without a zone ("2026-11-24T20:03:12.814"). Which zone is configuration.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace reeve::legacy {

// A fixed distance from UTC. The old image ran in Asia/Seoul, which has no summer time; zones that have it
// cannot be named here and must be given as the offset that their clients expect.
class LocalZone {
 public:
  LocalZone() = default;  // Asia/Seoul

  // "Asia/Seoul", "Asia/Tokyo", "UTC" or an offset "+09:00". Invalid argument otherwise.
  static Result<LocalZone> parse(std::string_view text);

  // Fraction digits without trailing zeros, none at a whole second: what Java's LocalDateTime prints.
  std::string format(Timestamp time) const;
  // "2026-11-25 05:03:11": the form inside error bodies.
  std::string format_in_error(Timestamp time) const;
  // "2027-08-04T12:00:00", seconds and fraction optional; a `Z` behind it is dropped, not converted.
  std::optional<Timestamp> parse_time(std::string_view text) const;
  // 0..23
  int hour_of_day(Timestamp time) const;

 private:
  explicit LocalZone(std::chrono::minutes offset) : offset_(offset) {}

  std::chrono::minutes offset_ = std::chrono::hours(9);
};

}  // namespace reeve::legacy
