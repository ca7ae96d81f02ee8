#include "domain/mig/packing.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "testing/mig_tables.h"

namespace reeve::mig {
namespace {

using reeve::testing::all_geometries;

// Every layout of one GPU that no further slice fits into, as counts by profile.
std::vector<std::vector<int>> full_layouts(const Geometry& geometry, const std::vector<int>& ids) {
  std::set<std::vector<PlacedInstance>> seen;
  std::set<std::vector<int>> full;
  const auto visit = [&](const auto& self, const std::vector<PlacedInstance>& present) -> void {
    if (!seen.insert(present).second) return;
    bool is_full = true;
    for (const int id : ids)
      for (const Placement placement : geometry.free_placements(id, present)) {
        is_full = false;
        auto more = present;
        more.push_back({id, placement});
        std::ranges::sort(more);
        self(self, more);
      }
    if (!is_full) return;
    std::vector<int> counts;
    for (const int id : ids) counts.push_back(static_cast<int>(std::ranges::count(present, id, &PlacedInstance::profile_id)));
    full.insert(counts);
  };
  visit(visit, {});
  return {full.begin(), full.end()};
}

// The fewest GPUs by trying everything: as many full layouts as it takes.
class Exhaustive {
 public:
  Exhaustive(const Geometry& geometry, const std::vector<int>& ids) : layouts_(full_layouts(geometry, ids)) {}

  int fewest(const std::vector<int>& wanted) {
    if (std::ranges::all_of(wanted, [](int n) { return n == 0; })) return 0;
    if (const auto known = known_.find(wanted); known != known_.end()) return known->second;
    int best = std::accumulate(wanted.begin(), wanted.end(), 0);
    for (const auto& layout : layouts_) {
      std::vector<int> rest = wanted;
      for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = std::max(0, rest[i] - layout[i]);
      if (rest != wanted) best = std::min(best, 1 + fewest(rest));
    }
    return known_[wanted] = best;
  }

 private:
  std::vector<std::vector<int>> layouts_;
  std::map<std::vector<int>, int> known_{};
};

void expect_holds(const Geometry& geometry, const Packing& packing, std::vector<int> wanted) {
  std::vector<int> held;
  for (const auto& layout : packing.layouts) {
    EXPECT_TRUE(geometry.is_valid(layout)) << geometry.name();
    for (const PlacedInstance& instance : layout) held.push_back(instance.profile_id);
  }
  std::ranges::sort(held);
  std::ranges::sort(wanted);
  EXPECT_EQ(held, wanted);
}

void expect_fewest(const std::string& name, const std::vector<int>& ids, int most, int rounds) {
  const Geometry& geometry = all_geometries().at(name);
  Exhaustive exhaustive(geometry, ids);
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same multisets every time
  for (int round = 0; round < rounds; ++round) {
    std::vector<int> counts;
    std::vector<int> wanted;
    for (const int id : ids) {
      counts.push_back(std::uniform_int_distribution<int>(0, most)(random));
      wanted.insert(wanted.end(), static_cast<std::size_t>(counts.back()), id);
    }
    const auto packing = pack(geometry, wanted);
    ASSERT_TRUE(packing.ok());
    expect_holds(geometry, *packing, wanted);
    EXPECT_EQ(std::ssize(packing->layouts), exhaustive.fewest(counts)) << ::testing::PrintToString(counts) << " on " << name;
    EXPECT_LE(std::int64_t(packing->lower_bound), exhaustive.fewest(counts));
  }
}

TEST(MigPacking, seven_slice_gpus_are_packed_as_well_as_by_trying_everything) {
  expect_fewest("A100-80GB", {0, 5, 9, 14, 15, 19}, 4, 300);
  expect_fewest("H100-80GB", {0, 5, 9, 14, 19}, 5, 200);
}

TEST(MigPacking, one_owner_of_the_media_extensions_a_gpu_is_packed_as_well) { expect_fewest("A100-80GB", {5, 9, 14, 19, 20}, 3, 200); }

TEST(MigPacking, a30_is_packed_as_well_as_by_trying_everything) {
  expect_fewest("A30-24GB", {0, 5, 14}, 6, 200);
  expect_fewest("A30-24GB", {0, 5, 6, 14, 21}, 4, 200);
}

TEST(MigPacking, rtx_pro_is_packed_as_well_as_by_trying_everything) { expect_fewest("RTX", {0, 5, 14}, 6, 200); }

TEST(MigPacking, a_hundred_thousand_slices_are_packed_at_once) {
  const std::array<int, 6> ids{0, 5, 9, 14, 15, 19};
  std::mt19937 random(3);  // NOLINT(cert-msc51-cpp)
  std::vector<int> wanted;
  for (int i = 0; i < 100'000; ++i) wanted.push_back(ids[random() % ids.size()]);
  const auto packing = pack(all_geometries().at("H100-80GB"), wanted);
  ASSERT_TRUE(packing.ok());
  EXPECT_TRUE(packing->is_minimal());
  expect_holds(all_geometries().at("H100-80GB"), *packing, wanted);
}

TEST(MigPacking, nothing_needs_no_gpu) {
  const auto packing = pack(all_geometries().at("A100-80GB"), {});
  ASSERT_TRUE(packing.ok());
  EXPECT_TRUE(packing->layouts.empty());
  EXPECT_TRUE(packing->is_minimal());
}

TEST(MigPacking, a_profile_that_the_gpu_lacks_is_refused_by_its_id) {
  const auto packing = pack(all_geometries().at("A30-24GB"), std::vector<int>{14, 99});
  ASSERT_FALSE(packing.ok());
  EXPECT_EQ(packing.error().code, Errc::not_found);
  EXPECT_NE(packing.error().message.find("99"), std::string::npos);
}

}  // namespace
}  // namespace reeve::mig
