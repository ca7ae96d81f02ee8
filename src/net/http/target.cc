#include "net/http/target.h"

#include <optional>

#include "base/utf8.h"

namespace reeve::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

// The target without "http://host"; absent when there is no path.
std::optional<std::string_view> origin_form(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const auto end = text.find_first_of("/?#", scheme.size());
    return end == std::string_view::npos || text[end] != '/' ? std::string_view("/") : text.substr(end);
  }
  if (!text.starts_with('/')) return std::nullopt;
  return text;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  const auto refuse = [](const char* why) { return Error{Errc::invalid_argument, std::string("cannot read the request target: ") + why}; };
  const auto origin = origin_form(text);
  if (!origin) return refuse("it does not begin with '/'");
  const std::string_view whole = origin->substr(0, origin->find('#'));
  const auto mark = whole.find('?');
  auto path = decode(whole.substr(0, mark), false);
  if (!path) return refuse("bad percent escape or not UTF-8 in the path");
  Target target{.path = std::move(*path)};
  if (mark == std::string_view::npos) return target;
  std::string_view rest = whole.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    if (item.empty()) continue;
    const auto equals = item.find('=');
    auto name = decode(item.substr(0, equals), true);
    auto value = decode(equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1), true);
    if (!name || !value) return refuse("bad percent escape or not UTF-8 in the query");
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return target;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    out += '%';
    out += hex[static_cast<unsigned char>(c) >> 4];
    out += hex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace reeve::http
