#pragma once
// Deterministic noise: the same seed and number give the same value on every machine, forever.

#include <cstdint>
#include <string_view>

namespace reeve::sim {

constexpr std::uint64_t mix_bits(std::uint64_t x) {  // the finaliser of splitmix64
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

constexpr std::uint64_t mix_bits(std::uint64_t seed, std::uint64_t n) { return mix_bits(mix_bits(seed) ^ n); }

constexpr std::uint64_t mix_text(std::uint64_t seed, std::string_view text) {
  std::uint64_t state = mix_bits(seed);
  for (const char c : text) state = mix_bits(state ^ static_cast<unsigned char>(c));
  return state;
}

// [0, 1)
constexpr double unit_noise(std::uint64_t seed, std::uint64_t n) { return static_cast<double>(mix_bits(seed, n) >> 11) * 0x1.0p-53; }

}  // namespace reeve::sim
