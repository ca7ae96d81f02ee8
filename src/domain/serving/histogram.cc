#include "domain/serving/histogram.h"

#include <algorithm>
#include <cmath>

namespace reeve::serving {
namespace {

// How many observations were at most `bound`, taken as spread evenly within a bucket.
double count_up_to(const Histogram& histogram, double bound) {
  const auto above = std::ranges::lower_bound(histogram, bound, {}, &Bucket::bound);
  if (above == histogram.end()) return total_count(histogram);
  if (above->bound == bound) return above->count;
  const bool is_first = above == histogram.begin();
  const double low = is_first ? std::min(0.0, bound) : std::prev(above)->bound;
  const double below = is_first ? 0 : std::prev(above)->count;
  if (std::isinf(above->bound) || above->bound <= low) return below;
  return below + (above->count - below) * (bound - low) / (above->bound - low);
}

}  // namespace

double total_count(const Histogram& histogram) { return histogram.empty() ? 0 : histogram.back().count; }

std::optional<Histogram> difference(const Histogram& now, const Histogram& before) {
  if (before.empty()) return now;
  if (!std::ranges::equal(now, before, {}, &Bucket::bound, &Bucket::bound)) return std::nullopt;
  Histogram gained = now;
  double least = 0;
  for (std::size_t i = 0; i < gained.size(); ++i) {
    gained[i].count -= before[i].count;
    if (gained[i].count < 0) return std::nullopt;
    // The rows of one exposition are not all of one moment: a bucket may be ahead of the next.
    least = gained[i].count = std::max(gained[i].count, least);
  }
  return gained;
}

void add_to(Histogram& sum, const Histogram& other) {
  if (other.empty()) return;
  if (sum.empty()) {
    sum = other;
    return;
  }
  Histogram both;
  const auto add = [&](double bound) { both.push_back({bound, count_up_to(sum, bound) + count_up_to(other, bound)}); };
  auto a = sum.begin();
  auto b = other.begin();
  while (a != sum.end() || b != other.end()) {
    const bool take_a = b == other.end() || (a != sum.end() && a->bound <= b->bound);
    const double bound = take_a ? a->bound : b->bound;
    add(bound);
    if (a != sum.end() && a->bound == bound) ++a;
    if (b != other.end() && b->bound == bound) ++b;
  }
  sum = std::move(both);
}

std::optional<double> quantile(const Histogram& histogram, double share) {
  const double wanted = share * total_count(histogram);
  if (!(total_count(histogram) > 0) || std::isinf(histogram.front().bound)) return std::nullopt;
  const auto found = std::ranges::find_if(histogram, [&](const Bucket& bucket) { return bucket.count > 0 && bucket.count >= wanted; });
  if (found == histogram.end()) return std::nullopt;
  if (std::isinf(found->bound)) return std::prev(found)->bound;
  const bool is_first = found == histogram.begin();
  const double low = is_first ? std::min(0.0, found->bound) : std::prev(found)->bound;
  const double below = is_first ? 0 : std::prev(found)->count;
  return low + (found->bound - low) * std::clamp((wanted - below) / (found->count - below), 0.0, 1.0);
}

}  // namespace reeve::serving
