#pragma once
#include <algorithm>
#include <span>
#include <vector>

namespace reeve {

// The elements of a vector, sorted by `projection`, whose projection equals `key`: a run of it, valid as long as it is.
template <class T, class Key, class Projection>
std::span<const T> sorted_run(const std::vector<T>& sorted, const Key& key, Projection projection) {
  const auto first = std::ranges::lower_bound(sorted, key, {}, projection);
  const auto last = std::ranges::upper_bound(first, sorted.end(), key, {}, projection);
  return {first, last};
}

}  // namespace reeve
