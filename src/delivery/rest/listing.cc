#include "delivery/rest/listing.h"

#include <bit>

#include <fmt/format.h>

#include "base/parse.h"

namespace reeve::rest {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string to_hex(std::string_view text) {
  std::string hex;
  for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (error != std::errc{} || end != hex.data() + i + 2) return std::nullopt;
    text += static_cast<char>(byte);
  }
  return text;
}

std::vector<std::string> owned(std::span<const std::string_view> names) { return {names.begin(), names.end()}; }

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool any_contains(std::span<const std::string_view> texts, std::string_view part) {
  const auto same = [](char a, char b) { return lower(a) == b; };
  const auto contains = [&](std::string_view text) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
  };
  return part.empty() || std::ranges::any_of(texts, contains);
}

// "n3ff0000000000000.6e31" (number), "t68.6e31" (text), "m.6e31" (no value): kind, key, id in hex.
std::string encode_cursor(const Cursor& cursor) {
  if (cursor.number) return fmt::format("n{:016x}.{}", std::bit_cast<std::uint64_t>(*cursor.number), to_hex(cursor.id));
  return fmt::format("{}{}.{}", cursor.text.empty() ? 'm' : 't', to_hex(cursor.text), to_hex(cursor.id));
}

std::optional<Cursor> decode_cursor(std::string_view text) {
  const auto dot = text.find('.');
  if (text.empty() || dot == std::string_view::npos) return std::nullopt;
  const std::string_view key = text.substr(1, dot - 1);
  const auto id = from_hex(text.substr(dot + 1));
  if (!id) return std::nullopt;
  if (text[0] == 'n') {
    std::uint64_t bits = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), bits, 16);
    if (error != std::errc{} || end != key.data() + key.size()) return std::nullopt;
    const double number = std::bit_cast<double>(bits);
    if (number != number) return std::nullopt;
    return Cursor{.number = number, .id = *id};
  }
  const auto value = from_hex(key);
  if (!value || (text[0] != 't' && text[0] != 'm') || (text[0] == 'm') != value->empty()) return std::nullopt;
  return Cursor{.text = *value, .id = *id};
}

FieldSet read_fields(QueryReader& query, std::span<const std::string_view> fields) {
  std::vector<std::string> wanted = query.words("fields");
  for (const std::string& name : wanted)
    if (std::ranges::find(fields, name) == fields.end()) query.refuse("fields", fmt::format("there is no field '{}'", name), owned(fields));
  return FieldSet(std::move(wanted));
}

ListRequest read_list_request(QueryReader& query, std::span<const std::string_view> fields, std::span<const std::string_view> sortable) {
  ListRequest list;
  list.limit = static_cast<std::size_t>(query.number("limit", 1, page_items_max).value_or(page_items_default));
  if (const auto text = query.text("cursor")) {
    list.cursor = decode_cursor(*text);
    if (!list.cursor) query.refuse("cursor", "it is not the next_cursor of an earlier page");
  }
  list.fields = read_fields(query, fields);
  std::string sort = query.text("sort").value_or("");
  list.descending = sort.starts_with('-');
  list.sort = list.descending ? sort.substr(1) : sort;
  if (!list.sort.empty() && std::ranges::find(sortable, list.sort) == sortable.end())
    query.refuse("sort", fmt::format("this list is not ordered by '{}'", list.sort), owned(sortable));
  return list;
}

bool row_before(const SortKey& a, std::string_view a_id, const SortKey& b, std::string_view b_id, bool descending) {
  if (a.missing() != b.missing()) return b.missing();
  if (a.number.has_value() != b.number.has_value()) return a.number.has_value();
  if (a.number && *a.number != *b.number) return descending ? *a.number > *b.number : *a.number < *b.number;
  if (!a.number && a.text != b.text) return descending ? a.text > b.text : a.text < b.text;
  return a_id < b_id;
}

}  // namespace reeve::rest
