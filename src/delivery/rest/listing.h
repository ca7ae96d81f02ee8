#pragma once
// What all lists have in common: pages, order, and which fields of the items are wanted.

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json_writer.h"
#include "delivery/rest/request_reader.h"

namespace reeve::rest {

inline constexpr std::int64_t page_items_max = 1000;
inline constexpr std::int64_t page_items_default = 100;

// Top-level fields that are wanted; none named: all.
class FieldSet {
 public:
  FieldSet() = default;
  explicit FieldSet(std::vector<std::string> names) : names_(std::move(names)) {}
  bool wants(std::string_view name) const { return names_.empty() || std::ranges::find(names_, name) != names_.end(); }

 private:
  std::vector<std::string> names_{};
};

inline const FieldSet every_field{};

// Writes one JSON object of which only the wanted fields are kept.
class ItemWriter {
 public:
  ItemWriter(JsonWriter& json, const FieldSet& fields) : json_(json), fields_(fields) { json_.begin_object(); }
  ItemWriter(JsonWriter& json, FieldSet&& fields) = delete;  // it would be gone before the first field
  explicit ItemWriter(JsonWriter& json) : ItemWriter(json, every_field) {}
  template <class T>
  ItemWriter& field(std::string_view name, const T& value) {
    if (fields_.wants(name)) json_.field(name, value);
    return *this;
  }
  // Empty text is text that nobody knows.
  ItemWriter& text(std::string_view name, const std::string& value) {
    if (fields_.wants(name)) value.empty() ? json_.field(name, nullptr) : json_.field(name, value);
    return *this;
  }
  // For what needs more than one call: true, and the key is written, when the field is wanted.
  bool begin(std::string_view name) {
    if (!fields_.wants(name)) return false;
    json_.key(name);
    return true;
  }
  void end() { json_.end_object(); }

 private:
  JsonWriter& json_;
  const FieldSet& fields_;
};

// By what a list is ordered. Items that have no value come last, in either direction.
struct SortKey {
  std::optional<double> number{};
  std::string_view text{};

  bool missing() const { return !number && text.empty(); }
};

// The place behind an item of an ordered list; the next page begins there even when items came and went.
struct Cursor {
  std::optional<double> number{};
  std::string text{};
  std::string id{};
};

struct ListRequest {
  std::size_t limit = page_items_default;
  std::optional<Cursor> cursor{};
  std::string sort{};  // empty: by id
  bool descending = false;
  FieldSet fields{};
};

// Reads `fields`, the names of wanted fields.
FieldSet read_fields(QueryReader& query, std::span<const std::string_view> fields);

// Reads limit, cursor, fields and sort; a fault is kept in the reader.
ListRequest read_list_request(QueryReader& query, std::span<const std::string_view> fields, std::span<const std::string_view> sortable);

std::string encode_cursor(const Cursor& cursor);
std::optional<Cursor> decode_cursor(std::string_view text);

// One entry of a list before it is written.
template <class Item>
struct Row {
  SortKey key{};
  std::string_view id{};
  Item item{};
};

bool row_before(const SortKey& a, std::string_view a_id, const SortKey& b, std::string_view b_id, bool descending);

// {"items":[...],"next_cursor":...,"total":n}: puts the rows of the wanted page in order and writes them. `all`: how many
// there are in the whole list, where `rows` holds no more than the wanted page and the row behind it.
template <class Item, class Write>
std::string write_page(std::vector<Row<Item>> rows, const ListRequest& list, const Write& write, std::optional<std::size_t> all = {}) {
  const std::size_t total = all.value_or(rows.size());
  const auto before = [&](const Row<Item>& a, const Row<Item>& b) { return row_before(a.key, a.id, b.key, b.id, list.descending); };
  if (list.cursor) {
    const SortKey last{list.cursor->number, list.cursor->text};
    std::erase_if(rows, [&](const Row<Item>& row) { return !row_before(last, list.cursor->id, row.key, row.id, list.descending); });
  }
  const std::size_t shown = std::min(list.limit, rows.size());
  std::ranges::partial_sort(rows, rows.begin() + static_cast<std::ptrdiff_t>(shown), before);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (std::size_t i = 0; i < shown; ++i) write(json, rows[i].item, list.fields);
  json.end_array();
  if (shown < rows.size()) {
    const Row<Item>& last = rows[shown - 1];
    json.field("next_cursor", encode_cursor({last.key.number, std::string(last.key.text), std::string(last.id)}));
  } else {
    json.field("next_cursor", nullptr);
  }
  json.field("total", total).end_object();
  return body;
}

// Is `part` (lower case) in any of the texts, whatever their case?
bool any_contains(std::span<const std::string_view> texts, std::string_view part);
std::string lower_case(std::string_view text);

}  // namespace reeve::rest
