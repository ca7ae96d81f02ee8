#include "domain/mig/packing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/check.h"

namespace reeve::mig {
namespace {

using Layouts = std::vector<std::vector<PlacedInstance>>;

bool owns_media(const GpuInstanceProfile& profile) { return profile.media == MediaClaim::extensions || profile.media == MediaClaim::all; }

std::size_t at_least(std::int64_t count) { return count < 0 ? 0 : static_cast<std::size_t>(count); }

// ---- 7-slice GPUs: eight memory slots, of which the last holds no slice of its own.

// Kinds of span there, by what they may stand on.
enum class Span { whole, lower_half, either_half, quarter_but_last, quarter, slot };
constexpr std::size_t span_kinds = 6;

std::optional<Span> seven_slice_span(const GpuInstanceProfile& profile) {
  const auto stands = [&](int size, std::initializer_list<int> starts) {
    return profile.size == size && std::ranges::equal(profile.starts, starts);
  };
  if (stands(8, {0})) return Span::whole;
  if (stands(4, {0})) return Span::lower_half;
  if (stands(4, {0, 4})) return Span::either_half;
  if (stands(2, {0, 2, 4})) return Span::quarter_but_last;
  if (stands(2, {0, 2, 4, 6})) return Span::quarter;
  if (stands(1, {0, 1, 2, 3, 4, 5, 6})) return Span::slot;
  return std::nullopt;
}

bool is_seven_slice(const Geometry& geometry) {
  return geometry.slots() == 8 &&
         std::ranges::all_of(geometry.profiles(), [](const auto& profile) { return seven_slice_span(profile).has_value(); });
}

struct SevenSliceDemand {
  std::array<std::vector<const GpuInstanceProfile*>, span_kinds> of{};

  std::int64_t count(Span span) const { return std::ssize(of[static_cast<std::size_t>(span)]); }
};

// Halves that stay free once the large spans stand: slices that go on either half take upper ones first, since a
// lower half is worth more (two quarters for any slice against one and a last one for few).
struct FreeHalves {
  std::int64_t lower = 0;
  std::int64_t upper = 0;
};

std::optional<FreeHalves> free_halves(const SevenSliceDemand& demand, std::int64_t gpus) {
  const std::int64_t open = gpus - demand.count(Span::whole);
  if (open < 0) return std::nullopt;
  const std::int64_t in_lower = std::max<std::int64_t>(0, demand.count(Span::either_half) - open);
  const FreeHalves halves{open - demand.count(Span::lower_half) - in_lower, open - (demand.count(Span::either_half) - in_lower)};
  if (halves.lower < 0 || halves.upper < 0) return std::nullopt;
  return halves;
}

// Every last quarter (slots 6 and 7) takes one quarter-slice or one slot-slice, the other quarters anything.
bool fits(const SevenSliceDemand& demand, std::int64_t gpus) {
  const auto halves = free_halves(demand, gpus);
  if (!halves) return false;
  const std::int64_t quarter_slices = demand.count(Span::quarter);
  const std::int64_t quarters_elsewhere = std::max<std::int64_t>(0, quarter_slices - halves->upper);
  const std::int64_t last_slots = std::max<std::int64_t>(0, halves->upper - quarter_slices);
  const std::int64_t slots_elsewhere = std::max<std::int64_t>(0, demand.count(Span::slot) - last_slots);
  return demand.count(Span::quarter_but_last) + quarters_elsewhere + (slots_elsewhere + 1) / 2 <= 2 * halves->lower + halves->upper;
}

std::size_t fewest_gpus(const SevenSliceDemand& demand) {
  std::int64_t low = demand.count(Span::whole);
  std::int64_t high = low;
  for (const auto& slices : demand.of) high += std::ssize(slices);
  while (low < high) {  // whatever fits on some GPUs fits on more
    const std::int64_t middle = (low + high) / 2;
    if (fits(demand, middle))
      high = middle;
    else
      low = middle + 1;
  }
  return at_least(low);
}

// How freely the slots' slices are strewn over the GPUs, so that many GPUs have one.
enum class Strew { together, apart, last_slots_first };

// The choices that do not matter to how much fits, but to how many GPUs have a slot's slice.
struct Arrangement {
  Strew strew = Strew::together;
  std::size_t pairs = 0;       // GPUs that get a slice on each half at once
  bool from_both_ends = true;  // lower and upper halves are filled from opposite GPUs
};

// Puts slices where they stand.
class SevenSlicePacker {
 public:
  SevenSlicePacker(SevenSliceDemand demand, std::size_t gpus) : demand_(std::move(demand)), layouts_(gpus) {}

  // Absent: something found no room; never so in the default arrangement when the demand fits on so many GPUs.
  std::optional<Layouts> pack(const Arrangement& arrangement) && {
    place_halves(arrangement);
    place_last_quarters(arrangement.strew);
    if (arrangement.strew != Strew::together) std::ranges::stable_sort(quarters_, std::ranges::greater{}, &Spot::start);
    place_quarters(arrangement.strew);
    if (std::ranges::any_of(demand_.of, [](const auto& slices) { return !slices.empty(); })) return std::nullopt;
    for (auto& layout : layouts_) std::ranges::sort(layout, {}, [](const PlacedInstance& instance) { return instance.placement.start; });
    return std::move(layouts_);
  }

 private:
  struct Spot {
    std::size_t gpu;
    int start;
  };

  bool is_left(Span span) const { return !demand_.of[static_cast<std::size_t>(span)].empty(); }

  void place(Span span, std::size_t gpu, int start) {
    auto& slices = demand_.of[static_cast<std::size_t>(span)];
    layouts_[gpu].push_back({slices.back()->id, {start, slices.back()->size}});
    slices.pop_back();
  }

  bool has_slot_slice(std::size_t gpu) const {
    return std::ranges::any_of(layouts_[gpu], [](const PlacedInstance& one) { return one.placement.size == 1; });
  }

  void place_halves(const Arrangement& arrangement) {
    std::size_t first_open = 0;
    for (; is_left(Span::whole); ++first_open) place(Span::whole, first_open, 0);
    for (std::size_t pair = 0; pair < arrangement.pairs && first_open < layouts_.size(); ++pair, ++first_open)
      for (const int start : {0, 4}) place(Span::either_half, first_open, start);
    for (std::size_t i = first_open; i < layouts_.size(); ++i) {
      const std::size_t gpu = arrangement.from_both_ends ? layouts_.size() - 1 - (i - first_open) : i;
      if (is_left(Span::either_half))
        place(Span::either_half, gpu, 4);
      else
        free_upper_.push_back(gpu);
    }
    for (std::size_t gpu = first_open; gpu < layouts_.size(); ++gpu) {
      if (is_left(Span::lower_half))
        place(Span::lower_half, gpu, 0);
      else if (is_left(Span::either_half))
        place(Span::either_half, gpu, 0);
      else
        quarters_.insert(quarters_.end(), {{gpu, 0}, {gpu, 2}});
    }
    for (const std::size_t gpu : free_upper_) quarters_.push_back({gpu, 4});
  }

  void place_last_quarters(Strew strew) {
    const Span first = strew == Strew::last_slots_first ? Span::slot : Span::quarter;
    const Span second = strew == Strew::last_slots_first ? Span::quarter : Span::slot;
    for (const std::size_t gpu : free_upper_) {
      if (is_left(first))
        place(first, gpu, 6);
      else if (is_left(second))
        place(second, gpu, 6);
    }
  }

  void place_quarters(Strew strew) {
    std::vector<Spot> open;
    for (const Spot spot : quarters_) {
      if (is_left(Span::quarter_but_last))
        place(Span::quarter_but_last, spot.gpu, spot.start);
      else if (is_left(Span::quarter))
        place(Span::quarter, spot.gpu, spot.start);
      else
        open.push_back(spot);
    }
    const auto takes = [&](Spot spot, int slot) {
      const int start = spot.start + slot;
      return std::ranges::none_of(layouts_[spot.gpu], [&](const PlacedInstance& one) { return one.placement.overlaps({start, 1}); });
    };
    if (strew != Strew::together)
      for (const Spot spot : open)
        if (is_left(Span::slot) && !has_slot_slice(spot.gpu)) place(Span::slot, spot.gpu, spot.start);
    for (const int slot : {0, 1})
      for (const Spot spot : open)
        if (is_left(Span::slot) && takes(spot, slot)) place(Span::slot, spot.gpu, spot.start + slot);
  }

  SevenSliceDemand demand_;
  Layouts layouts_;
  std::vector<std::size_t> free_upper_{};
  std::vector<Spot> quarters_{};
};

// ---- Any geometry: large before small, first GPU that takes it, at the placement that the fewest others want.

struct Requirement {
  const GpuInstanceProfile* profile;
  std::size_t count;
};

std::vector<Requirement> by_descending_need(const Geometry& geometry, std::span<const int> profile_ids) {
  std::vector<Requirement> needs;
  for (const GpuInstanceProfile& profile : geometry.profiles())
    if (const auto count = std::ranges::count(profile_ids, profile.id); count > 0) needs.push_back({&profile, at_least(count)});
  std::ranges::stable_sort(needs, [](const Requirement& a, const Requirement& b) {
    if (a.profile->size != b.profile->size) return a.profile->size > b.profile->size;
    return a.profile->starts.size() < b.profile->starts.size();
  });
  return needs;
}

// Large slices first, but those that own media engines before all: each needs a GPU of its own. Absent: no room.
std::optional<Layouts> first_fit(const Geometry& geometry, std::span<const Requirement> needs, std::size_t gpus) {
  Layouts layouts(gpus);
  for (const bool owners : {true, false}) {
    for (const Requirement& need : needs) {
      if (owns_media(*need.profile) != owners) continue;
      std::size_t gpu = 0;  // what did not take one of this profile takes no more of it
      for (std::size_t left = need.count; left > 0;) {
        if (gpu == gpus) return std::nullopt;
        if (const auto placement = geometry.driver_choice(need.profile->id, layouts[gpu])) {
          layouts[gpu].push_back({need.profile->id, *placement});
          --left;
        } else {
          ++gpu;
        }
      }
    }
  }
  for (auto& layout : layouts) std::ranges::sort(layout, {}, [](const PlacedInstance& instance) { return instance.placement.start; });
  return layouts;
}

// No GPU holds more slots than it has, more of a profile than the profile's limit, or two owners of media engines.
std::size_t bound_of(const Geometry& geometry, std::span<const int> profile_ids) {
  std::size_t slots = 0;
  std::size_t owners = 0;
  std::size_t bound = 0;
  const auto per_gpu = [](std::size_t total, int most) { return (total + at_least(most) - 1) / at_least(most); };
  for (const Requirement& need : by_descending_need(geometry, profile_ids)) {
    slots += need.count * at_least(need.profile->size);
    if (owns_media(*need.profile)) owners += need.count;
    bound = std::max(bound, per_gpu(need.count, need.profile->max_instances));
  }
  return std::max({bound, owners, per_gpu(slots, geometry.slots())});
}

// Which of the slots' slices stands where is free to choose: owners of the media extensions go to GPUs of their own.
// False: there are more of them than GPUs with a slot's slice.
bool spread_owners(const Geometry& geometry, Layouts& layouts, std::span<const int> profile_ids) {
  std::vector<int> owners;
  std::vector<int> others;
  for (const int id : profile_ids)
    if (const GpuInstanceProfile& profile = *geometry.profile(id); seven_slice_span(profile) == Span::slot)
      (owns_media(profile) ? owners : others).push_back(id);
  for (auto& layout : layouts) {
    bool owned = false;
    for (PlacedInstance& instance : layout) {
      if (instance.placement.size != 1) continue;
      auto& from = (!owned && !owners.empty()) || others.empty() ? owners : others;
      if (from.empty() || (owned && &from == &owners)) return false;
      owned = owned || &from == &owners;
      instance.profile_id = from.back();
      from.pop_back();
    }
  }
  return true;
}

SevenSliceDemand seven_slice_demand(std::span<const Requirement> needs) {
  SevenSliceDemand demand;
  for (const Requirement& need : needs) {
    auto& slices = demand.of[static_cast<std::size_t>(*seven_slice_span(*need.profile))];
    slices.insert(slices.end(), need.count, need.profile);
  }
  return demand;
}

constexpr std::size_t pairings_tried_max = 64;  // of the ways to double up slices on halves; only owners of media need any

std::optional<Layouts> pack_seven_slices(const Geometry& geometry, const SevenSliceDemand& demand, std::span<const int> profile_ids,
                                         std::size_t gpus) {
  const std::size_t pairs_max = at_least(demand.count(Span::either_half) / 2);
  const std::size_t step = pairs_max / pairings_tried_max + 1;
  for (std::size_t pairs = 0; pairs <= pairs_max; pairs += step)
    for (const Strew strew : {Strew::together, Strew::apart, Strew::last_slots_first})
      for (const bool from_both_ends : {true, false})
        if (auto layouts = SevenSlicePacker(demand, gpus).pack({strew, pairs, from_both_ends});
            layouts && spread_owners(geometry, *layouts, profile_ids))
          return layouts;
  return std::nullopt;
}

}  // namespace

Result<Packing> pack(const Geometry& geometry, std::span<const int> profile_ids) {
  bool only_slots_own_media = true;
  for (const int id : profile_ids) {
    const GpuInstanceProfile* profile = geometry.profile(id);
    if (profile == nullptr)
      return Error{Errc::not_found, fmt::format("cannot pack profile {}: {} has no such profile", id, geometry.name())};
    if (profile->media == MediaClaim::usual) continue;
    only_slots_own_media = only_slots_own_media && profile->media == MediaClaim::extensions && profile->size == 1;
  }
  Packing packing;
  packing.lower_bound = bound_of(geometry, profile_ids);
  const std::vector<Requirement> needs = by_descending_need(geometry, profile_ids);
  if (is_seven_slice(geometry) && only_slots_own_media) {
    const SevenSliceDemand demand = seven_slice_demand(needs);
    packing.lower_bound = std::max(packing.lower_bound, fewest_gpus(demand));
    for (std::size_t gpus = packing.lower_bound;; ++gpus) {
      auto layouts = pack_seven_slices(geometry, demand, profile_ids, gpus);
      if (!layouts) continue;
      packing.layouts = std::move(*layouts);
      return packing;
    }
  }
  for (std::size_t gpus = packing.lower_bound;; ++gpus) {
    auto layouts = first_fit(geometry, needs, gpus);
    if (!layouts) continue;
    packing.layouts = std::move(*layouts);
    return packing;
  }
}

}  // namespace reeve::mig
