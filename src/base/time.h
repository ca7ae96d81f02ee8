#pragma once
// Points in time and their text. The current time comes from ports/clock.h only.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace reeve {

using Milliseconds = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Milliseconds>;  // UTC

// "2026-11-24T22:51:42.000Z". Always UTC, always three fraction digits.
std::string to_rfc3339(Timestamp time);

// RFC 3339 with a zone ("...Z", "...+09:00"), seconds required, up to 9 fraction digits (cut to ms).
std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace reeve
