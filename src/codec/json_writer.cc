#include "codec/json_writer.h"

#include <cmath>

#include <fmt/format.h>

namespace reeve {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += hex[static_cast<unsigned char>(c) >> 4];
          out += hex[static_cast<unsigned char>(c) & 15];
        } else {
          out += c;
        }
    }
  }
}

}  // namespace

void JsonWriter::new_line() {
  out_ += '\n';
  out_.append(indent_ * 2, ' ');
}

bool JsonWriter::in_line() const { return style_ == JsonStyle::jackson && arrays_.back(); }

void JsonWriter::before_item() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (counts_.empty()) return;
  if (counts_.back()++ > 0) out_ += ',';
  if (in_line())
    out_ += ' ';
  else if (style_ != JsonStyle::compact)
    new_line();
}

JsonWriter& JsonWriter::open(char bracket) {
  before_item();
  out_ += bracket;
  counts_.push_back(0);
  arrays_.push_back(bracket == '[');
  if (!in_line()) ++indent_;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  const bool empty = counts_.back() == 0;
  const bool same_line = in_line();
  if (!same_line) --indent_;
  counts_.pop_back();
  arrays_.pop_back();
  if (same_line || (empty && style_ == JsonStyle::jackson))
    out_ += ' ';
  else if (!empty && style_ != JsonStyle::compact)
    new_line();
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  before_item();
  out_ += '"';
  append_escaped(out_, name);
  out_ += style_ == JsonStyle::compact ? "\":" : style_ == JsonStyle::pretty ? "\": " : "\" : ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::nullptr_t) { return raw("null"); }
JsonWriter& JsonWriter::value(bool flag) { return raw(flag ? "true" : "false"); }

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return raw("null");
  before_item();
  const std::string text = fmt::format("{}", number);
  out_ += text;
  // A reader with types tells 3.0 from 3: fmt prints both as "3".
  if (text.find_first_of(".e") == std::string::npos) out_ += ".0";
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  before_item();
  out_ += '"';
  append_escaped(out_, text);
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  before_item();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::signed_number(std::int64_t number) {
  before_item();
  fmt::format_to(std::back_inserter(out_), "{}", number);
  return *this;
}

JsonWriter& JsonWriter::unsigned_number(std::uint64_t number) {
  before_item();
  fmt::format_to(std::back_inserter(out_), "{}", number);
  return *this;
}

}  // namespace reeve
