#include <gtest/gtest.h>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "apps/mig/geometry_choice.h"
#include "apps/mig/packing_report.h"
#include "apps/mig/wanted_slices.h"

namespace reeve {
namespace {

const Catalogue& catalogue() {
  static const auto loaded = load_catalogue();
  EXPECT_TRUE(loaded.ok());
  return *loaded;
}

const mig::Geometry& gpu(const std::string& name) { return **choose_geometry(catalogue(), name); }

TEST(MigPack, a_gpu_is_named_by_its_geometry_or_by_its_model) {
  EXPECT_EQ(&gpu("A100-80GB"), &gpu("a100-80gb"));
  EXPECT_EQ(&gpu("A100_80GB"), &gpu("A100-80GB"));
  const auto unknown = choose_geometry(catalogue(), "GTX1080");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message.find("known are"), std::string::npos);
}

TEST(MigPack, profiles_are_read_one_a_line) {
  const auto wanted = parse_wanted_slices("1g.10gb\n\n  3g.40gb # for training\r\nMIG 2g.20gb\n19", gpu("A100-80GB"));
  ASSERT_TRUE(wanted.ok()) << wanted.error().message;
  EXPECT_EQ(*wanted, (std::vector<int>{19, 9, 14, 19}));
}

TEST(MigPack, a_profile_of_another_gpu_is_refused_with_its_line_and_what_there_is) {
  const auto wanted = parse_wanted_slices("1g.10gb\n1g.5gb\n", gpu("A100-80GB"));
  ASSERT_FALSE(wanted.ok());
  EXPECT_NE(wanted.error().message.find("line 2"), std::string::npos);
  EXPECT_NE(wanted.error().message.find("7g.80gb"), std::string::npos);
}

TEST(MigPack, the_answer_names_every_slice_and_where_it_stands) {
  const mig::Geometry& a100 = gpu("A100-80GB");
  const auto packing = mig::pack(a100, std::vector<int>{9, 9, 0});
  ASSERT_TRUE(packing.ok());
  EXPECT_EQ(packing_as_json(a100, *packing),
            R"({"gpus":2,"minimal":true,"layouts":[[{"profile":"7g.80gb","profile_id":0,"start":0,"size":8}],)"
            R"([{"profile":"3g.40gb","profile_id":9,"start":0,"size":4},{"profile":"3g.40gb","profile_id":9,"start":4,"size":4}]]})"
            "\n");
  EXPECT_EQ(packing_as_table(a100, *packing),
            "2 GPUs (fewer are impossible)\n\nGPUS  LAYOUT\n   1  3g.40gb@0 3g.40gb@4\n   1  7g.80gb@0\n");
}

}  // namespace
}  // namespace reeve
