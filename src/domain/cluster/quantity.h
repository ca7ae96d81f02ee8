#pragma once
// An amount as Kubernetes writes it: "100m", "16Gi", "2", "1e3".
// Source: apimachinery's resource.Quantity (plain, decimal and binary SI suffixes, decimal exponent).

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/result.h"

namespace reeve::cluster {

// Exact in thousandths of the unit (cores, bytes, GPUs); finer amounts are rounded up, as Kubernetes does.
// Range: what fits 64 bits of thousandths, about +-9.2e15 units.
class Quantity {
 public:
  constexpr Quantity() = default;
  static constexpr Quantity of(std::int64_t units) { return Quantity(units * 1000); }
  static constexpr Quantity of_milli(std::int64_t milli) { return Quantity(milli); }

  // Invalid argument: not a quantity, or out of range.
  static Result<Quantity> parse(std::string_view text);

  constexpr std::int64_t milli() const { return milli_; }
  constexpr double value() const { return static_cast<double>(milli_) / 1000.0; }

  // Sums stay at the end of the range when they would leave it: amounts come from outside.
  constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    std::int64_t sum = 0;
    return Quantity(__builtin_add_overflow(a.milli_, b.milli_, &sum) ? bound(b.milli_ < 0) : sum);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    std::int64_t difference = 0;
    return Quantity(__builtin_sub_overflow(a.milli_, b.milli_, &difference) ? bound(b.milli_ > 0) : difference);
  }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

 private:
  constexpr explicit Quantity(std::int64_t milli) : milli_(milli) {}
  static constexpr std::int64_t bound(bool low) {
    return low ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  }
  std::int64_t milli_ = 0;
};

// "2500m", "4": as Kubernetes prints an amount of cores or a count.
std::string decimal_text(Quantity quantity);
// "512Mi", "527984Mi", "1500": the largest binary suffix that divides it, as Kubernetes prints bytes.
std::string binary_text(Quantity quantity);

}  // namespace reeve::cluster
