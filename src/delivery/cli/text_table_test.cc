#include "delivery/cli/text_table.h"

#include <gtest/gtest.h>

namespace reeve::cli {
namespace {

TEST(TextTable, columns_line_up_by_what_a_terminal_shows) {
  EXPECT_EQ(render_table({{"NAME"}, {"T", true}}, {{"서울", "64°C"}, {"a", "-"}}), "NAME      T\n서울   64°C\na         -\n");
}

TEST(TextTable, widths_count_wide_and_broken_text) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("가나"), 4u);
  EXPECT_EQ(display_width("█▌"), 2u);
  EXPECT_EQ(display_width("\xff\xc3"), 2u);
}

TEST(TextTable, a_cut_text_says_so_and_never_splits_a_character) {
  EXPECT_EQ(cut_to_width("abcdef", 4), "abc…");
  EXPECT_EQ(cut_to_width("가나다", 4), "가…");
  EXPECT_EQ(cut_to_width("abc", 3), "abc");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

TEST(Measures, have_units_and_a_dash_for_the_unknown) {
  EXPECT_EQ(mib_text(512), "512MiB");
  EXPECT_EQ(mib_text(81559), "79.6GiB");
  EXPECT_EQ(mib_text(41'943'040), "40.0TiB");
  EXPECT_EQ(share_text(63488, 81920), "62.0/80.0GiB");
  EXPECT_EQ(share_text(100, 512), "100/512MiB");
  EXPECT_EQ(share_text(std::nullopt, 81920), "-/80.0GiB");
  EXPECT_EQ(share_text(std::nullopt, std::nullopt), "-");
  EXPECT_EQ(watts_text(700.4), "700W");
  EXPECT_EQ(watts_text(41'230), "41.2kW");
  EXPECT_EQ(percent_text(0), "0%");
  EXPECT_EQ(celsius_text(std::nullopt), "-");
  EXPECT_EQ(usd_text(8), "$8.00");
}

TEST(Measures, ages_are_short) {
  const Timestamp now = *parse_rfc3339("2026-11-24T12:00:00Z");
  EXPECT_EQ(age_text(std::nullopt, now), "-");
  EXPECT_EQ(age_text(now, now), "0s");
  EXPECT_EQ(age_text(now - std::chrono::seconds(119), now), "119s");
  EXPECT_EQ(age_text(now - std::chrono::minutes(5), now), "5m");
  EXPECT_EQ(age_text(now - std::chrono::hours(47), now), "47h");
  EXPECT_EQ(age_text(now - std::chrono::hours(48), now), "2d");
  EXPECT_EQ(age_text(now + std::chrono::hours(3), now), "in 3h");
}

}  // namespace
}  // namespace reeve::cli
