#pragma once
// What a GPU or a slice of it costs by the hour. Money is integer micro-dollars.

#include <map>
#include <optional>

#include "base/name.h"
#include "base/units.h"
#include "domain/catalogue/catalogue.h"

namespace reeve {

class PriceList {
 public:
  // `configured` wins over the catalogue's list price. `mig_discount`: factor on a slice's share, (0, 1].
  PriceList(std::map<ModelId, MicroUsd> configured, double mig_discount)
      : configured_(std::move(configured)), mig_discount_(mig_discount) {}

  // Absent when neither configuration nor catalogue knows a price: nothing is made up.
  std::optional<MicroUsd> whole_gpu(const GpuModel& model) const;

  // Share of compute slices x whole price x discount, rounded half up.
  std::optional<MicroUsd> slice(const GpuModel& model, const mig::Geometry& geometry, int profile_id) const;

 private:
  std::map<ModelId, MicroUsd> configured_;
  double mig_discount_;
};

// Rates and discount that the old system used; source: its application-gpu.yml.
std::map<ModelId, MicroUsd> default_prices();
inline constexpr double default_mig_discount = 0.7;
PriceList default_price_list();

}  // namespace reeve
