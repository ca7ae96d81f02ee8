#include "delivery/legacy/local_time.h"

#include <gtest/gtest.h>

namespace reeve::legacy {
namespace {

Timestamp utc(std::string_view text) { return *parse_rfc3339(text); }

TEST(LocalZone, times_are_local_and_without_a_zone) {
  EXPECT_EQ(LocalZone().format(utc("2026-11-24T11:03:12.814Z")), "2026-11-24T20:03:12.814");
  EXPECT_EQ(LocalZone().format(utc("2026-11-24T15:00:00Z")), "2026-11-25T00:00:00");
}

TEST(LocalZone, a_fraction_has_no_trailing_zeros) {
  EXPECT_EQ(LocalZone().format(utc("2026-11-24T11:03:10.500Z")), "2026-11-24T20:03:10.5");
  EXPECT_EQ(LocalZone().format(utc("2026-11-24T11:03:10.050Z")), "2026-11-24T20:03:10.05");
  EXPECT_EQ(LocalZone().format(utc("2026-11-24T11:03:10.000Z")), "2026-11-24T20:03:10");
}

TEST(LocalZone, error_bodies_have_a_form_of_their_own) {
  EXPECT_EQ(LocalZone().format_in_error(utc("2026-11-24T20:03:11.9Z")), "2026-11-25 05:03:11");
}

TEST(LocalZone, a_z_behind_a_local_time_is_dropped_and_not_converted) {
  EXPECT_EQ(LocalZone().parse_time("2027-08-04T12:00:00"), utc("2027-08-04T03:00:00Z"));
  EXPECT_EQ(LocalZone().parse_time("2027-08-04T12:00:00Z"), utc("2027-08-04T03:00:00Z"));
  EXPECT_EQ(LocalZone().parse_time("2027-08-04T12:00"), utc("2027-08-04T03:00:00Z"));
  EXPECT_EQ(LocalZone().parse_time("2027-08-04T12:00:00.123456789"), utc("2027-08-04T03:00:00.123Z"));
}

TEST(LocalZone, other_forms_are_refused) {
  for (const char* text : {"", "2027-08-04", "2027-08-04 12:00:00", "2027-08-04T12:00:00+09:00", "2027-08-04T12:00:00-09:00",
                           "2027-13-04T12:00:00", "2027-08-04T12:00:00ZZ", "2027-08-04T25:00:00"})
    EXPECT_EQ(LocalZone().parse_time(text), std::nullopt) << text;
}

TEST(LocalZone, zones_are_named_or_given_as_an_offset) {
  EXPECT_EQ(LocalZone::parse("UTC")->format(utc("2026-11-24T11:03:12Z")), "2026-11-24T11:03:12");
  EXPECT_EQ(LocalZone::parse("-05:30")->format(utc("2026-11-24T11:03:12Z")), "2026-11-24T05:33:12");
  for (const char* text : {"", "Mars/Olympus", "+9:00", "+15:00", "+09:60", "0900"}) EXPECT_FALSE(LocalZone::parse(text).ok()) << text;
}

TEST(LocalZone, hours_of_the_day_are_local) {
  EXPECT_EQ(LocalZone().hour_of_day(utc("2026-11-24T16:59:59Z")), 1);
  EXPECT_EQ(LocalZone::parse("-05:00")->hour_of_day(utc("2026-11-24T02:00:00Z")), 21);
}

}  // namespace
}  // namespace reeve::legacy
