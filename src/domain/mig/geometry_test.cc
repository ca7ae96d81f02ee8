#include "domain/mig/geometry.h"

#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <sstream>

#include "testing/mig_tables.h"
#include "testing/source_tree.h"

namespace reeve::mig {
namespace {

using reeve::testing::all_geometries;

std::vector<int> numbers(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<int>(in), std::istream_iterator<int>()};
}

Geometry a100() { return all_geometries().at("A100-40GB"); }
Geometry a30() { return all_geometries().at("A30-24GB"); }

using Multiset = std::vector<int>;

std::vector<PlacedInstance> with(std::vector<PlacedInstance> present, int profile, Placement placement) {
  present.push_back({profile, placement});
  std::ranges::sort(present);
  return present;
}

// Every state that creations in any order and at any place can reach with these profiles.
std::set<std::vector<PlacedInstance>> reachable(const Geometry& geometry, const std::vector<int>& profiles) {
  std::set<std::vector<PlacedInstance>> seen{{}};
  std::vector<std::vector<PlacedInstance>> todo{{}};
  while (!todo.empty()) {
    const auto state = todo.back();
    todo.pop_back();
    for (const int profile : profiles)
      for (const Placement place : geometry.free_placements(profile, state))
        if (auto next = with(state, profile, place); seen.insert(next).second) todo.push_back(std::move(next));
  }
  return seen;
}

std::set<Multiset> multisets(const std::set<std::vector<PlacedInstance>>& states) {
  std::set<Multiset> result;
  for (const auto& state : states) {
    Multiset ids;
    for (const PlacedInstance& instance : state) ids.push_back(instance.profile_id);
    std::ranges::sort(ids);
    result.insert(ids);
  }
  return result;
}

// Reads `"key": [[1, 2], [3]]` of the oracle: the file holds nothing but such lists.
std::set<Multiset> oracle(const std::string& key) {
  const std::string text = source_text("tests/data/mig_valid_combinations.json");
  std::size_t at = text.find('"' + key + '"');
  EXPECT_NE(at, std::string::npos) << key;
  std::set<Multiset> result;
  for (at = text.find('[', at) + 1; text[at] != ']'; ++at) {
    if (text[at] != '[') continue;
    const std::size_t end = text.find(']', at);
    std::string list = text.substr(at + 1, end - at - 1);
    std::ranges::replace(list, ',', ' ');
    Multiset ids = numbers(list);
    std::ranges::sort(ids);
    result.insert(ids);
    at = end;
  }
  return result;
}

TEST(MigGeometry, seven_slice_parts_allow_exactly_the_known_combinations) {
  const auto without_double_memory = oracle("A100/H100/H200/B200 7-slice, profiles 19 14 9 5 0");
  const auto with_double_memory = oracle("7-slice with 15");
  ASSERT_EQ(without_double_memory.size(), 38u);
  ASSERT_EQ(with_double_memory.size(), 78u);
  for (const auto& [name, geometry] : all_geometries()) {
    if (geometry.slots() != 8) continue;
    EXPECT_EQ(multisets(reachable(geometry, {19, 14, 9, 5, 0})), without_double_memory) << name;
    EXPECT_EQ(multisets(reachable(geometry, {19, 14, 9, 5, 0, 15})), with_double_memory) << name;
  }
}

TEST(MigGeometry, a30_allows_exactly_the_known_combinations) {
  const auto expected = oracle("A30 14 5 0");
  ASSERT_EQ(expected.size(), 10u);
  EXPECT_EQ(multisets(reachable(a30(), {14, 5, 0})), expected);
}

struct Transcript {
  std::string gpu;
  std::vector<int> requested;
  std::vector<std::optional<int>> created;
};

std::vector<Transcript> transcripts() {
  std::vector<Transcript> result;
  std::istringstream lines(source_text("tests/data/mig_placement_transcripts.json"));
  std::string line, list;
  while (std::getline(lines, line)) {
    const auto quote = line.find('"');
    if (line.find("\"gpu\"") != std::string::npos) result.push_back({line.substr(line.find(": \"") + 3), {}, {}});
    if (quote != std::string::npos) list = line.substr(quote + 1, line.find('"', quote + 1) - quote - 1);
    const auto value = line.find_first_not_of(' ');
    if (quote != std::string::npos || value == std::string::npos) continue;
    if (std::isdigit(static_cast<unsigned char>(line[value])) == 0 && line[value] != 'n') continue;
    const int id = std::atoi(line.c_str() + value);
    if (list == "profile_ids_requested") result.back().requested.push_back(id);
    if (list == "gi_ids_created") result.back().created.push_back(line[value] == 'n' ? std::nullopt : std::optional(id));
  }
  return result;
}

TEST(MigGeometry, driver_choice_reproduces_every_public_transcript) {
  const auto geometries = all_geometries();
  const auto all = transcripts();
  ASSERT_EQ(all.size(), 7u);
  for (const Transcript& transcript : all) {
    const Geometry& geometry = geometries.at(transcript.gpu.substr(0, transcript.gpu.find('"')));
    ASSERT_EQ(transcript.requested.size(), transcript.created.size());
    std::vector<PlacedInstance> present;
    for (std::size_t i = 0; i < transcript.requested.size(); ++i) {
      const auto place = geometry.driver_choice(transcript.requested[i], present);
      EXPECT_EQ(place ? std::optional(geometry.gpu_instance_id(*place)) : std::nullopt, transcript.created[i]) << transcript.gpu << i;
      if (place) present.push_back({transcript.requested[i], *place});
    }
  }
}

TEST(MigGeometry, every_reachable_state_is_valid_and_its_spans_are_disjoint) {
  for (const auto& [name, geometry] : all_geometries()) {
    std::vector<int> ids;
    for (const GpuInstanceProfile& profile : geometry.profiles())
      if (geometry.slots() != 12 || profile.gpu_slices > 1 || !profile.name.ends_with("+gfx")) ids.push_back(profile.id);
    for (const auto& state : reachable(geometry, ids)) {
      EXPECT_TRUE(geometry.is_valid(state)) << name;
      int slices = 0;
      for (std::size_t i = 0; i < state.size(); ++i) {
        slices += geometry.profile(state[i].profile_id)->gpu_slices;
        for (std::size_t j = 0; j < i; ++j) ASSERT_FALSE(state[i].placement.overlaps(state[j].placement)) << name;
      }
      EXPECT_LE(slices, geometry.slots() == 8 ? 7 : 4) << name;
    }
  }
}

TEST(MigGeometry, the_driver_chooses_a_legal_place_whenever_there_is_one) {
  const Geometry geometry = a100();
  for (const auto& state : reachable(geometry, {19, 14, 9, 5, 0, 15, 20}))
    for (const GpuInstanceProfile& profile : geometry.profiles()) {
      const auto chosen = geometry.driver_choice(profile.id, state);
      ASSERT_EQ(chosen.has_value(), !geometry.free_placements(profile.id, state).empty());
      EXPECT_TRUE(!chosen || geometry.is_valid(with(state, profile.id, *chosen)));
    }
}

TEST(MigGeometry, two_instances_never_share_a_span_nor_stand_on_a_foreign_start) {
  EXPECT_FALSE(a100().is_valid(std::vector<PlacedInstance>{{9, {0, 4}}, {14, {2, 2}}}));
  EXPECT_FALSE(a100().is_valid(std::vector<PlacedInstance>{{14, {1, 2}}}));
  EXPECT_FALSE(a100().is_valid(std::vector<PlacedInstance>{{14, {6, 2}}}));
  EXPECT_FALSE(a100().is_valid(std::vector<PlacedInstance>{{19, {7, 1}}}));
  EXPECT_FALSE(a100().is_valid(std::vector<PlacedInstance>{{19, {0, 2}}}));
  EXPECT_FALSE(a100().is_valid(std::vector<PlacedInstance>{{77, {0, 1}}}));
  EXPECT_TRUE(a100().is_valid(std::vector<PlacedInstance>{{9, {0, 4}}, {9, {4, 4}}}));
}

TEST(MigGeometry, only_one_instance_owns_the_media_extensions) {
  EXPECT_TRUE(a30().is_valid(std::vector<PlacedInstance>{{21, {0, 1}}, {14, {1, 1}}, {5, {2, 2}}}));
  EXPECT_FALSE(a30().is_valid(std::vector<PlacedInstance>{{21, {0, 1}}, {6, {2, 2}}}));
  EXPECT_TRUE(a30().free_placements(6, std::vector<PlacedInstance>{{21, {0, 1}}}).empty());
}

TEST(MigGeometry, an_owner_of_all_media_leaves_the_others_without) {
  const Geometry rtx = all_geometries().at("RTX");
  EXPECT_EQ(rtx.slots(), 12);
  EXPECT_TRUE(rtx.is_valid(std::vector<PlacedInstance>{{65, {0, 3}}, {67, {3, 3}}, {66, {6, 6}}}));
  EXPECT_FALSE(rtx.is_valid(std::vector<PlacedInstance>{{65, {0, 3}}, {14, {3, 3}}}));
  EXPECT_FALSE(rtx.is_valid(std::vector<PlacedInstance>{{64, {0, 6}}, {21, {6, 3}}}));
  EXPECT_TRUE(rtx.free_placements(65, std::vector<PlacedInstance>{{47, {0, 3}}}).empty());
}

TEST(MigGeometry, three_g_in_the_lower_half_leaves_three_small_places_and_in_the_upper_four) {
  EXPECT_EQ(a100().free_placements(19, std::vector<PlacedInstance>{{9, {0, 4}}}).size(), 3u);
  EXPECT_EQ(a100().free_placements(19, std::vector<PlacedInstance>{{9, {4, 4}}}).size(), 4u);
}

TEST(MigGeometry, gpu_instance_ids_are_the_swizzle_ids_of_their_spans) {
  EXPECT_EQ(a100().gpu_instance_id({0, 8}), 0);
  EXPECT_EQ(a100().gpu_instance_id({4, 4}), 2);
  EXPECT_EQ(a100().gpu_instance_id({4, 2}), 5);
  EXPECT_EQ(a100().gpu_instance_id({6, 1}), 13);
  EXPECT_EQ(a30().gpu_instance_id({2, 2}), 2);
  EXPECT_EQ(a30().gpu_instance_id({3, 1}), 6);
}

TEST(MigGeometry, profiles_are_found_by_id_enum_and_name) {
  EXPECT_EQ(a100().profile(9)->name, "3g.20gb");
  EXPECT_EQ(a100().profile_by_enum(9)->id, 15);
  EXPECT_EQ(a100().profile_by_name("MIG 1g.5gb+me")->id, 20);
  EXPECT_EQ(a100().profile_by_name("1g.10gb")->id, 15);
  EXPECT_EQ(a100().profile(21), nullptr);
  EXPECT_EQ(a100().profile_by_enum(5), nullptr);
  EXPECT_EQ(a100().profile_by_name("1g.10"), nullptr);
}

std::vector<std::string> described(const std::vector<ComputeInstanceProfile>& profiles) {
  std::vector<std::string> result;
  for (const auto& p : profiles)
    result.push_back(p.name + " id" + std::to_string(p.id) + " max" + std::to_string(p.max_instances) + (p.whole_instance ? "*" : "") +
                     " sm" + std::to_string(p.multiprocessors));
  return result;
}

TEST(MigGeometry, compute_profiles_that_nobody_captured_follow_the_captured_boards) {
  EXPECT_EQ(described(a100().compute_profiles(9)),
            (std::vector<std::string>{"1c.3g.20gb id0 max3 sm14", "2c.3g.20gb id1 max1 sm28", "3g.20gb id2 max1* sm42"}));
  EXPECT_EQ(described(a100().compute_profiles(0)),
            (std::vector<std::string>{"1c.7g.40gb id0 max7 sm14", "2c.7g.40gb id1 max3 sm28", "3c.7g.40gb id2 max2 sm42",
                                      "4c.7g.40gb id3 max1 sm56", "7g.40gb id4 max1* sm98"}));
  EXPECT_EQ(described(all_geometries().at("H100-80GB").compute_profiles(15)), (std::vector<std::string>{"1g.20gb id0 max1* sm26"}));
  EXPECT_TRUE(a100().compute_profiles(99).empty());
}

TEST(MigGeometry, a_table_that_contradicts_itself_is_refused) {
  const GpuInstanceProfile whole{.id = 0, .name = "2g.1gb", .max_instances = 1, .starts = {0}, .size = 2};
  GpuInstanceProfile part{.id = 1, .name = "1g.1gb", .max_instances = 2, .starts = {0, 2}, .size = 1};
  EXPECT_EQ(Geometry::make("x", {}, {whole, part}, {}).error().message,
            "cannot use the MIG table of 'x': profile 1: start 2 is outside the 2 slots");
  part.starts = {0, 1};
  EXPECT_TRUE(Geometry::make("x", {}, {whole, part}, {}).ok());
  part.id = 0;
  EXPECT_EQ(Geometry::make("x", {}, {whole, part}, {}).error().message, "cannot use the MIG table of 'x': profile 0 is there twice");
  EXPECT_FALSE(Geometry::make("x", {}, {}, {}).ok());
}

}  // namespace
}  // namespace reeve::mig
