#include "base/time.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

TEST(Rfc3339, a_time_survives_the_way_to_text_and_back) {
  const auto time = parse_rfc3339("2026-11-24T22:51:42.007Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(to_rfc3339(*time), "2026-11-24T22:51:42.007Z");
}

TEST(Rfc3339, an_offset_is_converted_to_utc) {
  EXPECT_EQ(parse_rfc3339("2026-11-25T07:51:42+09:00"), parse_rfc3339("2026-11-24T22:51:42Z"));
}

TEST(Rfc3339, a_short_fraction_is_tenths) { EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-01-01T00:00:00.5Z")), "2026-01-01T00:00:00.500Z"); }

TEST(Rfc3339, times_that_do_not_exist_are_refused) {
  for (const char* text : {"2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:00", "2026-01-01", "",
                           "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

}  // namespace
}  // namespace reeve
