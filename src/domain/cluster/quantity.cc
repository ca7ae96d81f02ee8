#include "domain/cluster/quantity.h"

#include <array>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/parse.h"

namespace reeve::cluster {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What stands behind the number: value = number * 10^decimal * 1024^binary.
struct Scale {
  int decimal = 0;
  int binary = 0;
};

constexpr std::array<std::pair<std::string_view, Scale>, 16> scales{{{"", {0, 0}},
                                                                     {"n", {-9, 0}},
                                                                     {"u", {-6, 0}},
                                                                     {"m", {-3, 0}},
                                                                     {"k", {3, 0}},
                                                                     {"M", {6, 0}},
                                                                     {"G", {9, 0}},
                                                                     {"T", {12, 0}},
                                                                     {"P", {15, 0}},
                                                                     {"E", {18, 0}},
                                                                     {"Ki", {0, 1}},
                                                                     {"Mi", {0, 2}},
                                                                     {"Gi", {0, 3}},
                                                                     {"Ti", {0, 4}},
                                                                     {"Pi", {0, 5}},
                                                                     {"Ei", {0, 6}}}};

// Beyond it a number is out of range or next to nothing, however many digits it has.
constexpr int exponent_max = 100'000;

std::optional<Scale> scale_of(std::string_view suffix) {
  for (const auto& [text, scale] : scales)
    if (text == suffix) return scale;
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
  std::string_view digits = suffix.substr(1);
  const bool negative = digits[0] == '-';
  if (negative || digits[0] == '+') digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  int exponent = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    if (exponent < exponent_max) exponent = exponent * 10 + (c - '0');
  }
  return Scale{negative ? -exponent : exponent, 0};
}

// A decimal number without sign: its digits, and how many of them stand behind the point.
struct Decimal {
  std::string digits{};  // no leading zero; empty: zero
  std::int64_t fraction = 0;
};

// The digits of `text` up to its suffix, which is returned; none when there is no digit.
std::optional<std::string_view> read_number(std::string_view text, Decimal& number) {
  std::size_t at = 0;
  bool any = false, behind_point = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !behind_point) {
      behind_point = true;
      continue;
    }
    if (!is_digit(text[at])) break;
    any = true;
    if (behind_point) ++number.fraction;
    if (!number.digits.empty() || text[at] != '0') number.digits += text[at];
  }
  if (!any) return std::nullopt;
  return text.substr(at);
}

void multiply(std::string& digits, int factor) {
  int carry = 0;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    const int product = (*digit - '0') * factor + carry;
    *digit = static_cast<char>('0' + product % 10);
    carry = product / 10;
  }
  if (carry != 0) digits.insert(0, std::to_string(carry));
}

// Whole thousandths, a rest rounded away from zero; none when they do not fit.
std::optional<std::int64_t> to_milli(Decimal number, Scale scale) {
  if (number.digits.empty()) return 0;
  for (int i = 0; i < scale.binary; ++i) multiply(number.digits, 1024);
  // Digits that stand before the point of the thousandths.
  const std::int64_t whole = static_cast<std::int64_t>(number.digits.size()) - number.fraction + scale.decimal + 3;
  constexpr int digits_max = std::numeric_limits<std::int64_t>::digits10 + 1;
  if (whole > digits_max) return std::nullopt;
  if (whole <= 0) return 1;
  const auto kept = std::min(static_cast<std::size_t>(whole), number.digits.size());
  const bool rest = number.digits.find_first_not_of('0', kept) != std::string::npos;
  number.digits.resize(kept);
  number.digits.append(static_cast<std::size_t>(whole) - kept, '0');
  auto milli = parse_number<std::int64_t>(number.digits);
  if (!milli || (rest && *milli == std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return *milli + (rest ? 1 : 0);
}

}  // namespace

Result<Quantity> Quantity::parse(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  Decimal number;
  const auto suffix = read_number(rest, number);
  const auto scale = suffix ? scale_of(*suffix) : std::nullopt;
  if (!scale)
    return Error{
        Errc::invalid_argument,
        fmt::format("cannot read '{:.40}' as a Kubernetes quantity: it is a number with a suffix n, u, m, k, M, G, T, P, E, Ki, Mi, "
                    "Gi, Ti, Pi, Ei or an exponent",
                    text)};
  const auto milli = to_milli(std::move(number), *scale);
  if (!milli) return Error{Errc::invalid_argument, fmt::format("cannot read the Kubernetes quantity '{:.40}': it is out of range", text)};
  return Quantity::of_milli(negative ? -*milli : *milli);
}

std::string decimal_text(Quantity quantity) {
  std::int64_t value = quantity.milli();
  if (value == 0) return "0";
  constexpr std::array<std::string_view, 8> suffixes{"m", "", "k", "M", "G", "T", "P", "E"};
  std::size_t suffix = 0;
  for (; value % 1000 == 0 && suffix + 1 < suffixes.size(); ++suffix) value /= 1000;
  return fmt::format("{}{}", value, suffixes[suffix]);
}

std::string binary_text(Quantity quantity) {
  std::int64_t value = quantity.milli() / 1000;
  // Kubernetes writes what is small or broken in decimal form, whatever it was given as.
  if (quantity.milli() % 1000 != 0 || (value > -1024 && value < 1024)) return decimal_text(quantity);
  constexpr std::array<std::string_view, 7> suffixes{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  std::size_t suffix = 0;
  for (; value % 1024 == 0 && suffix + 1 < suffixes.size(); ++suffix) value /= 1024;
  return fmt::format("{}{}", value, suffixes[suffix]);
}

}  // namespace reeve::cluster
