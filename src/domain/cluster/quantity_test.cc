#include "domain/cluster/quantity.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace reeve::cluster {
namespace {

std::int64_t milli(std::string_view text) {
  const auto parsed = Quantity::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed ? parsed->milli() : -999'999;
}

bool refused(std::string_view text) {
  const auto parsed = Quantity::parse(text);
  return !parsed && parsed.error().code == Errc::invalid_argument;
}

TEST(Quantity, every_form_of_kubernetes_is_read_exactly) {
  EXPECT_EQ(milli("0"), 0);
  EXPECT_EQ(milli("2"), 2'000);
  EXPECT_EQ(milli("100m"), 100);
  EXPECT_EQ(milli("1e3"), 1'000'000);
  EXPECT_EQ(milli("1E3"), 1'000'000);
  EXPECT_EQ(milli("12e-1"), 1'200);
  EXPECT_EQ(milli("1e+2"), 100'000);
  EXPECT_EQ(milli("1.5Gi"), 1'610'612'736'000);
  EXPECT_EQ(milli("512Mi"), 536'870'912'000);
  EXPECT_EQ(milli("1Pi"), 1'125'899'906'842'624'000);
  EXPECT_EQ(milli("-1"), -1'000);
  EXPECT_EQ(milli("+1"), 1'000);
  EXPECT_EQ(milli(".5"), 500);
  EXPECT_EQ(milli("5."), 5'000);
  EXPECT_EQ(milli("3k"), 3'000'000);
  EXPECT_EQ(milli("-0"), 0);
  EXPECT_EQ(milli("000.000Ei"), 0);
}

TEST(Quantity, what_is_finer_than_a_thousandth_is_rounded_away_from_zero) {
  EXPECT_EQ(milli("0.1m"), 1);
  EXPECT_EQ(milli("1n"), 1);
  EXPECT_EQ(milli("1000u"), 1);
  EXPECT_EQ(milli("1001u"), 2);
  EXPECT_EQ(milli("1.0000000000000000000000000000001"), 1'001);
  EXPECT_EQ(milli("1.0000000000000000000000000000000"), 1'000);
  EXPECT_EQ(milli("-0.1m"), -1);
  EXPECT_EQ(milli("1e-99999999999999999999"), 1);
  EXPECT_EQ(milli("0.3333Ki"), 341'300);
}

TEST(Quantity, what_is_no_quantity_is_refused) {
  for (const std::string_view text : {"",    " ",  "1 ",  " 1",   "m",    ".",   "+",    "-",   "--1", "1..2", "1.2.3", "1K",
                                      "1ki", "1e", "1e+", "1ee3", "1e3m", "1,5", "0x10", "inf", "nan", "1Mib", "1mi",   "5%"})
    EXPECT_TRUE(refused(text)) << text;
}

TEST(Quantity, what_does_not_fit_is_refused_and_not_wrapped) {
  EXPECT_EQ(milli("9223372036854775807m"), std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(refused("9223372036854775808m"));
  EXPECT_TRUE(refused("9223372036854775807.1m"));
  EXPECT_TRUE(refused("16Ei"));
  EXPECT_TRUE(refused("1E"));
  EXPECT_TRUE(refused("1e99999999999"));
  EXPECT_TRUE(refused(std::string(1000, '9')));
}

TEST(Quantity, sums_stay_at_the_end_of_the_range) {
  const auto most = Quantity::of_milli(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(most + Quantity::of(1), most);
  EXPECT_EQ(Quantity::of_milli(std::numeric_limits<std::int64_t>::min()) - Quantity::of(1),
            Quantity::of_milli(std::numeric_limits<std::int64_t>::min()));
}

TEST(Quantity, texts_are_those_of_kubernetes) {
  EXPECT_EQ(decimal_text(Quantity::of_milli(2500)), "2500m");
  EXPECT_EQ(decimal_text(Quantity::of(4)), "4");
  EXPECT_EQ(decimal_text(Quantity::of(-4)), "-4");
  EXPECT_EQ(decimal_text(Quantity::of(0)), "0");
  EXPECT_EQ(decimal_text(Quantity::of(1000)), "1k");
  EXPECT_EQ(decimal_text(Quantity::of(1500)), "1500");
  EXPECT_EQ(binary_text(Quantity::of(512LL << 20)), "512Mi");
  EXPECT_EQ(binary_text(Quantity::of(527'984LL << 20)), "527984Mi");
  EXPECT_EQ(binary_text(Quantity::of(1500)), "1500");
  EXPECT_EQ(binary_text(Quantity::of(1 << 10)), "1Ki");
  EXPECT_EQ(binary_text(Quantity::of(0)), "0");
  EXPECT_EQ(binary_text(Quantity::of_milli(1500)), "1500m");
}

// Any sequence will do; a fixed one makes failures repeatable.
class Sequence {
 public:
  std::uint64_t next() {
    state_ = state_ * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    return state_ >> 11;
  }

 private:
  std::uint64_t state_ = 42;
};

TEST(Quantity, any_amount_reads_the_same_in_every_spelling) {
  Sequence sequence;
  for (int i = 0; i < 20'000; ++i) {
    const auto amount = static_cast<std::int64_t>(sequence.next() >> (sequence.next() % 50));
    const std::string sign = sequence.next() % 2 == 0 ? "" : "-";
    const std::int64_t expected = sign.empty() ? amount : -amount;
    EXPECT_EQ(milli(fmt::format("{}{}m", sign, amount)), expected);
    EXPECT_EQ(milli(fmt::format("{}{}.{:03}", sign, amount / 1000, amount % 1000)), expected);
    EXPECT_EQ(milli(fmt::format("{}{}e-3", sign, amount)), expected);
    EXPECT_EQ(milli(fmt::format("{}{}000u", sign, amount)), expected);
    EXPECT_EQ(milli(fmt::format("{}0.{:024}e21", sign, amount)), expected);
    const auto quantity = Quantity::of_milli(expected);
    EXPECT_EQ(milli(decimal_text(quantity)), expected);
    EXPECT_EQ(milli(binary_text(quantity)), expected);
    // One more digit is rounded up.
    EXPECT_EQ(milli(fmt::format("{}{}.{:03}1", sign, amount / 1000, amount % 1000)), expected + (sign.empty() ? 1 : -1));
  }
}

TEST(Quantity, binary_suffixes_multiply_exactly) {
  constexpr std::array<std::string_view, 5> suffixes{"Ki", "Mi", "Gi", "Ti", "Pi"};
  Sequence sequence;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t power = sequence.next() % suffixes.size();
    const std::int64_t factor = std::int64_t{1} << (10 * (power + 1));
    const auto amount = static_cast<std::int64_t>(sequence.next()) % (9'000'000'000'000'000 / factor + 1);
    EXPECT_EQ(milli(fmt::format("{}{}", amount, suffixes[power])), amount * factor * 1000);
    EXPECT_EQ(milli(fmt::format("{}.5{}", amount, suffixes[power])), amount * factor * 1000 + factor * 500);
  }
}

}  // namespace
}  // namespace reeve::cluster
