#pragma once
// Money as the old API writes it: dollars, a double.

#include <optional>

#include "base/units.h"

namespace reeve::legacy {

inline constexpr std::int64_t hours_per_month = 24 * 30;  // a month as the old system counted it

inline double dollars(MicroUsd money) { return static_cast<double>(money.count()) / 1e6; }
inline std::optional<double> dollars(std::optional<MicroUsd> money) { return money ? std::optional(dollars(*money)) : std::nullopt; }

// Multiplied while it is whole micro-dollars, so that 8.8 x 720 is 6336 and not a bit more.
inline std::optional<double> monthly_dollars(std::optional<MicroUsd> per_hour) {
  return per_hour ? std::optional(dollars(*per_hour * hours_per_month)) : std::nullopt;
}

}  // namespace reeve::legacy
