#include "codec/exposition.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/parse.h"

namespace reeve {
namespace {

// One lookup a byte: what a byte may be part of.
enum ByteClass : std::uint8_t { name_start = 1, name_part = 2, blank = 4, digit = 8, time_part = 16 };

constexpr std::array<std::uint8_t, 256> byte_classes = [] {
  std::array<std::uint8_t, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = name_start | name_part;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = name_start | name_part;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = name_part | digit | time_part;
  table['_'] = table[':'] = name_start | name_part;
  table[' '] = table['\t'] = blank;
  for (const char c : {'+', '-', '.', 'e', 'E'}) table[static_cast<unsigned char>(c)] |= time_part;
  return table;
}();

constexpr bool is(char c, std::uint8_t classes) { return (byte_classes[static_cast<unsigned char>(c)] & classes) != 0; }

// A place in one line. Every step checks the line's end first.
class Cursor {
 public:
  explicit Cursor(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  bool at_end() const { return at_ == end_; }
  bool at(char c) const { return at_ != end_ && *at_ == c; }
  bool take(char c) {
    if (!at(c)) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ != end_ && is(*at_, blank)) ++at_;
  }
  // Empty when no name starts here.
  std::string_view name() {
    const char* begin = at_;
    if (at_ != end_ && is(*at_, name_start)) ++at_;
    if (at_ == begin) return {};
    while (at_ != end_ && is(*at_, name_part)) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }
  // Up to the next blank or the end.
  std::string_view word() {
    const char* begin = at_;
    while (at_ != end_ && !is(*at_, blank)) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }
  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  // What stands before the closing quote, which is taken too. False when there is none.
  bool quoted(std::string_view& value, bool& escaped) {
    const char* begin = at_;
    while (at_ != end_ && *at_ != '"') {
      if (*at_ == '\\') {
        escaped = true;
        if (++at_ == end_) return false;
      }
      ++at_;
    }
    value = {begin, static_cast<std::size_t>(at_ - begin)};
    return take('"');
  }

 private:
  const char* at_;
  const char* end_;
};

std::optional<double> parse_value(std::string_view word) {
  // Most values are short whole numbers; 15 digits are exact in a double.
  if (!word.empty() && word.size() <= 15) {
    std::uint64_t whole = 0;
    std::size_t i = 0;
    while (i < word.size() && is(word[i], digit)) whole = whole * 10 + static_cast<unsigned char>(word[i++] - '0');
    if (i == word.size()) return static_cast<double>(whole);
  }
  if (word.starts_with('+') && !word.starts_with("+-")) word.remove_prefix(1);
  return parse_number<double>(word);
}

bool read_labels(Cursor& cursor, std::vector<ExpositionLabel>& labels) {
  for (;;) {
    cursor.skip_blanks();
    if (cursor.take('}')) return true;
    if (labels.size() == ExpositionReader::labels_max) return false;
    ExpositionLabel& label = labels.emplace_back();
    label.name = cursor.name();
    if (label.name.empty()) return false;
    cursor.skip_blanks();
    if (!cursor.take('=')) return false;
    cursor.skip_blanks();
    if (!cursor.take('"') || !cursor.quoted(label.raw_value, label.escaped)) return false;
    cursor.skip_blanks();
    if (!cursor.take(',') && !cursor.at('}')) return false;
  }
}

// Nothing, a timestamp, an exemplar or both.
bool is_line_tail(Cursor& cursor) {
  cursor.skip_blanks();
  if (cursor.at_end() || cursor.at('#')) return true;
  for (const char c : cursor.word())
    if (!is(c, time_part)) return false;
  cursor.skip_blanks();
  return cursor.at_end() || cursor.at('#');
}

}  // namespace

std::string unescaped(const ExpositionLabel& label) {
  std::string value;
  const std::string_view raw = label.raw_value;
  value.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char next = raw[i] == '\\' && i + 1 < raw.size() ? raw[i + 1] : '\0';
    if (next == '\\' || next == '"' || next == 'n') {
      value += next == 'n' ? '\n' : next;
      ++i;
    } else {
      value += raw[i];
    }
  }
  return value;
}

void ExpositionReader::read_comment(std::string_view line) {
  ++counts_.comments;
  Cursor cursor(line.substr(1));
  cursor.skip_blanks();
  if (cursor.word() != "HELP") return;
  cursor.skip_blanks();
  help_name_ = cursor.word();
  cursor.skip_blanks();
  help_text_ = cursor.rest();
}

bool ExpositionReader::read_sample(std::string_view line) {
  Cursor cursor(line);
  sample_.name = cursor.name();
  if (sample_.name.empty()) return false;
  const bool blank_follows = !cursor.at_end() && !cursor.at('{');
  cursor.skip_blanks();
  labels_.clear();
  if (cursor.take('{')) {
    if (!read_labels(cursor, labels_)) return false;
    cursor.skip_blanks();
  } else if (!blank_follows) {
    return false;
  }
  const std::optional<double> value = parse_value(cursor.word());
  if (!value || !is_line_tail(cursor)) return false;
  sample_.value = *value;
  sample_.labels = labels_;
  sample_.help = help_name_ == sample_.name ? help_text_ : std::string_view{};
  return true;
}

const ExpositionSample* ExpositionReader::next() {
  while (!text_.empty()) {
    const std::size_t newline = text_.find('\n');
    std::string_view line = text_.substr(0, newline);
    text_.remove_prefix(newline == std::string_view::npos ? text_.size() : newline + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (!line.empty() && is(line.front(), blank)) line.remove_prefix(1);
    if (line.empty()) continue;
    if (line.front() == '#') {
      read_comment(line);
    } else if (read_sample(line)) {
      ++counts_.samples;
      return &sample_;
    } else {
      ++counts_.broken;
    }
  }
  return nullptr;
}

}  // namespace reeve
