#pragma once
// Quantities that cannot be mixed up: a number with a unit. Only the same unit adds, subtracts and
// compares; conversions have names.

#include <compare>
#include <cstdint>

namespace reeve {

template <class Unit, class Rep = std::int64_t>
class Quantity {
 public:
  using rep = Rep;
  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep count) : count_(count) {}
  constexpr Rep count() const { return count_; }

  constexpr Quantity& operator+=(Quantity other) { return count_ += other.count_, *this; }
  constexpr Quantity& operator-=(Quantity other) { return count_ -= other.count_, *this; }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.count_ + b.count_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.count_ - b.count_); }
  friend constexpr Quantity operator*(Quantity a, Rep n) { return Quantity(a.count_ * n); }

 private:
  Rep count_{};
};

using MiB = Quantity<struct MiBUnit>;
using Celsius = Quantity<struct CelsiusUnit, double>;
using Watts = Quantity<struct WattsUnit, double>;
using MicroUsd = Quantity<struct MicroUsdUnit>;  // money is an integer: sums must not drift

constexpr MiB gib(std::int64_t n) { return MiB(n * 1024); }

}  // namespace reeve
