#pragma once
// The whole numbers that name an hour, a series and a block in metrics.db.

#include <cstdint>
#include <string>

#include "adapters/store_sql/open_block.h"
#include "base/time.h"

namespace reeve {

inline constexpr std::int64_t hour_ms = 3'600'000;
inline constexpr int series_bits = 24;  // 16 million devices and slices
inline constexpr std::uint32_t series_max = (1u << series_bits) - 2;
inline constexpr std::uint32_t fleet_series = series_max + 1;  // rollups of all devices taken together

// Hours since the epoch. Precondition: not before it.
inline std::int64_t hour_of(Timestamp at) { return at.time_since_epoch().count() / hour_ms; }
inline std::int64_t hour_series(std::int64_t hour, std::uint32_t series) { return hour << series_bits | series; }
inline std::uint32_t series_of(std::int64_t key) { return static_cast<std::uint32_t>(key) & ((1u << series_bits) - 1); }
inline std::uint32_t block_of(std::uint32_t series) { return series >> block_series_bits; }
inline std::int64_t sweep_block(std::int64_t sweep, std::uint32_t block) { return sweep << series_bits | block; }

}  // namespace reeve
