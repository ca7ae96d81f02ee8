#pragma once
// A Prometheus histogram: how many observations were at most as large as each bound.

#include <optional>
#include <vector>

namespace reeve::serving {

struct Bucket {
  double bound = 0;  // the last is +infinity
  double count = 0;  // of all observations up to it

  friend bool operator==(const Bucket&, const Bucket&) = default;
};

// By ascending bound, counts never fall; empty: there is none.
using Histogram = std::vector<Bucket>;

double total_count(const Histogram& histogram);

// What was observed between two looks at one histogram; `before` may be empty. Absent: they have other bounds, or a count fell.
std::optional<Histogram> difference(const Histogram& now, const Histogram& before);

// Takes in the observations of another. Where only one has a bound, the other's share is estimated within its bucket.
void add_to(Histogram& sum, const Histogram& other);

// The value that a share of the observations (0 to 1) does not exceed: linear within its bucket, as Prometheus'
// histogram_quantile; the highest finite bound where it lies beyond. Absent: nothing was observed, or there is no finite bound.
std::optional<double> quantile(const Histogram& histogram, double share);

}  // namespace reeve::serving
