#pragma once
// JSON text, written front to back without a document in between.

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/name.h"
#include "base/time.h"
#include "base/units.h"

namespace reeve {

enum class JsonStyle {
  compact,  // {"a":1,"b":[]}
  pretty,   // two blanks a level: {\n  "a": 1,\n  "b": []\n}
  jackson,  // as the old system printed: {\n  "a" : 1,\n  "b" : [ 1, 2 ],\n  "c" : [ ]\n}
};

// Appends to `out`, which outlives the writer. The caller keeps begin and end in balance and gives each
// value in an object a key; nothing else can go wrong. A number that is not finite becomes null.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out, JsonStyle style = JsonStyle::compact) : out_(out), style_(style) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::nullptr_t);
  JsonWriter& value(bool flag);
  JsonWriter& value(double number);  // shortest text that reads back the same; a whole number keeps ".0"
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  template <std::integral Int>
  requires(!std::same_as<Int, bool>) JsonWriter& value(Int number) {
    if constexpr (std::signed_integral<Int>)
      return signed_number(number);
    else
      return unsigned_number(number);
  }
  template <TextEnum E>
  JsonWriter& value(E word) {
    return value(to_text(word));
  }
  template <class Kind>
  JsonWriter& value(const Name<Kind>& name) {
    return value(name.text);
  }
  template <class Unit, class Rep>
  JsonWriter& value(Quantity<Unit, Rep> quantity) {
    return value(quantity.count());
  }
  JsonWriter& value(Timestamp time) { return value(to_rfc3339(time)); }
  template <class T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : value(nullptr);
  }
  template <class T>
  JsonWriter& value(const std::vector<T>& items) {
    begin_array();
    for (const T& item : items) value(item);
    return end_array();
  }
  template <class T>
  JsonWriter& value(const std::map<std::string, T>& entries) {
    begin_object();
    for (const auto& [name, entry] : entries) field(name, entry);
    return end_object();
  }

  // JSON text that is valid already.
  JsonWriter& raw(std::string_view json);

  template <class T>
  JsonWriter& field(std::string_view name, const T& entry) {
    return key(name).value(entry);
  }

  // Leaves the field out when it is absent or empty text.
  template <class T>
  JsonWriter& field_if(std::string_view name, const std::optional<T>& maybe) {
    return maybe ? field(name, *maybe) : *this;
  }
  JsonWriter& field_if(std::string_view name, const std::string& text) { return text.empty() ? *this : field(name, text); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& signed_number(std::int64_t number);
  JsonWriter& unsigned_number(std::uint64_t number);
  bool in_line() const;  // do the items of the innermost bracket share a line?
  void before_item();
  void new_line();

  std::string& out_;
  JsonStyle style_;
  std::vector<std::size_t> counts_{};  // items so far of each open object or array
  std::vector<bool> arrays_{};         // whether each of them is an array
  std::size_t indent_ = 0;             // levels that a new line is indented by
  bool after_key_ = false;
};

}  // namespace reeve
