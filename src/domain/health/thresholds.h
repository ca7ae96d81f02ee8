#pragma once
// Where "healthy" ends. Every limit has its one home here; degrees Celsius, percent and watts.
//
// 85 and 90 degrees and the load limits are those that users of the old system know.

#include <cstddef>

namespace reeve::health {

inline constexpr double warm_celsius = 75;         // above: worth a look
inline constexpr double overheating_celsius = 85;  // above: an alert
inline constexpr double critical_celsius = 90;     // from here on: a critical alert

inline constexpr double idle_percent = 5;            // below: idle
inline constexpr double moderate_load_percent = 80;  // above
inline constexpr double high_load_percent = 95;      // above

// A GPU under load sits at its power limit; clearly above it something is wrong.
inline constexpr double high_power_of_limit = 1.05;
inline constexpr double moderate_power_of_limit = 0.55;
// For a GPU whose limit nobody tells.
inline constexpr double high_power_watts = 350;
inline constexpr double moderate_power_watts = 200;

// Of the cluster.
inline constexpr double healthy_share = 0.9;          // above: healthy
inline constexpr double tolerable_share = 0.7;        // above: warning, else critical
inline constexpr double cluster_warm_celsius = 80;    // mean above: warning
inline constexpr double cluster_busy_percent = 90;    // mean above: warning
inline constexpr std::size_t warning_alerts_max = 5;  // more: warning
inline constexpr int healthy_score = 100, warning_score = 70, critical_score = 30;

// Three rounds of collection missed: what is shown is no longer how things are.
inline constexpr int stale_after_rounds = 3;

}  // namespace reeve::health
