#include "domain/cost/price_list.h"

#include <algorithm>
#include <cmath>

namespace reeve {

std::optional<MicroUsd> PriceList::whole_gpu(const GpuModel& model) const {
  if (const auto at = configured_.find(model.id); at != configured_.end()) return at->second;
  return model.price_per_hour;
}

std::optional<MicroUsd> PriceList::slice(const GpuModel& model, const mig::Geometry& geometry, int profile_id) const {
  const auto whole = whole_gpu(model);
  const mig::GpuInstanceProfile* profile = geometry.profile(profile_id);
  if (!whole || profile == nullptr) return std::nullopt;
  const int all_slices = std::ranges::max(geometry.profiles(), {}, &mig::GpuInstanceProfile::gpu_slices).gpu_slices;
  const double share = static_cast<double>(profile->gpu_slices) / all_slices;
  return MicroUsd(std::llround(static_cast<double>(whole->count()) * share * mig_discount_));
}

std::map<ModelId, MicroUsd> default_prices() {
  constexpr auto usd = [](double dollars) { return MicroUsd(std::llround(dollars * 1e6)); };
  return {
      {ModelId{"GTX1080"}, usd(0.5)}, {ModelId{"RTX4090"}, usd(2.0)}, {ModelId{"A100_80GB"}, usd(6.0)}, {ModelId{"H100_80GB"}, usd(8.0)}};
}

PriceList default_price_list() { return {default_prices(), default_mig_discount}; }

}  // namespace reeve
