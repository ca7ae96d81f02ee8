#pragma once
// The fewest GPUs of one kind that hold a given multiset of slices, all of it known beforehand: for buying, for
// consolidating, and as the yardstick of every placement made one by one.
//
// Pure; 100,000 slices take milliseconds.

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "domain/mig/geometry.h"

namespace reeve::mig {

struct Packing {
  std::vector<std::vector<PlacedInstance>> layouts{};  // one a GPU, each valid, by ascending start
  // Never more GPUs than any arrangement needs: every packing needs at least so many.
  std::size_t lower_bound = 0;
  bool is_minimal() const { return layouts.size() == lower_bound; }
};

// Minimal for every geometry whose slices carry no claim on media engines (proved against an integer program over
// all configurations of a GPU), and whenever is_minimal() says so. Not found: a profile that this GPU lacks.
Result<Packing> pack(const Geometry& geometry, std::span<const int> profile_ids);

}  // namespace reeve::mig
