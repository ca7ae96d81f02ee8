#include "codec/csv.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "base/utf8.h"

namespace reeve {
namespace {

constexpr std::size_t faults_shown_max = 20;  // enough to mend a file in one go, not a flood

class CsvScanner {
 public:
  explicit CsvScanner(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = line_start_ = 3;
  }

  bool at_end() const { return at_ == text_.size(); }

  CsvRow next_row() {
    CsvRow row{.line = line_};
    for (;;) {
      row.fields.push_back(next_field());
      if (at_end() || take_line_end()) return row;
      ++at_;  // the comma
      if (at_end()) {
        row.fields.push_back(here());
        return row;
      }
    }
  }

  std::vector<CsvFault> take_faults() { return std::move(faults_); }

 private:
  CsvField here() const { return {.line = line_, .column = at_ - line_start_ + 1}; }
  bool at_line_end() const { return text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n"; }

  bool take_line_end() {
    if (!at_line_end()) return false;
    at_ += text_[at_] == '\n' ? 1 : 2;
    ++line_;
    line_start_ = at_;
    return true;
  }

  void fault(const CsvField& where, std::string reason) { faults_.push_back({where.line, where.column, std::move(reason)}); }

  CsvField next_field() {
    CsvField field = here();
    if (!at_end() && text_[at_] == '"') return quoted_field(std::move(field));
    const std::size_t start = at_;
    while (!at_end() && text_[at_] != ',' && !at_line_end()) {
      if (text_[at_] == '"') fault(here(), "a quote inside an unquoted field");
      ++at_;
    }
    field.text = text_.substr(start, at_ - start);
    return field;
  }

  CsvField quoted_field(CsvField field) {
    ++at_;
    for (;;) {
      if (at_end()) {
        fault(field, "the quote is never closed");
        return field;
      }
      if (text_[at_] == '"') {
        ++at_;
        if (at_end() || text_[at_] != '"') break;
      } else if (text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      }
      field.text.push_back(text_[at_++]);
    }
    if (at_end() || text_[at_] == ',' || at_line_end()) return field;
    fault(here(), "text behind a closing quote");
    while (!at_end() && text_[at_] != ',' && !at_line_end()) ++at_;
    return field;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;
  std::vector<CsvFault> faults_;
};

bool is_blank(const CsvRow& row) { return row.fields.size() == 1 && row.fields[0].text.empty(); }

void check_header(const CsvRow& header, std::vector<CsvFault>& faults) {
  std::unordered_set<std::string> seen;
  for (const CsvField& field : header.fields)
    if (!seen.insert(field.text).second)
      faults.push_back({field.line, field.column, fmt::format("column '{}' is named twice", field.text)});
}

void check_text(const CsvRow& row, std::vector<CsvFault>& faults) {
  for (const CsvField& field : row.fields)
    if (!is_utf8(field.text)) faults.push_back({field.line, field.column, "not UTF-8"});
}

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
  const auto at = std::ranges::find(header.fields, name, &CsvField::text);
  if (at == header.fields.end()) return std::nullopt;
  return static_cast<std::size_t>(at - header.fields.begin());
}

Error csv_error(std::string_view file, std::vector<CsvFault> faults) {
  std::ranges::stable_sort(faults, {}, [](const CsvFault& fault) { return std::pair(fault.line, fault.column); });
  std::string message;
  for (std::size_t i = 0; i < std::min(faults.size(), faults_shown_max); ++i) {
    if (i != 0) message += '\n';
    message += fmt::format("{}:{}:{}: {}", file, faults[i].line, faults[i].column, faults[i].reason);
  }
  if (faults.size() > faults_shown_max) message += fmt::format("\n{}: {} more faults", file, faults.size() - faults_shown_max);
  return {Errc::invalid_argument, std::move(message)};
}

Result<CsvTable> read_csv(std::string_view file, std::string_view text) {
  CsvTable table;
  CsvScanner scanner(text);
  std::vector<CsvFault> faults;
  bool has_header = false;
  while (!scanner.at_end()) {
    CsvRow row = scanner.next_row();
    if (is_blank(row)) continue;
    check_text(row, faults);
    if (!has_header) {
      check_header(row, faults);
      table.header = std::move(row);
      has_header = true;
    } else if (row.fields.size() != table.header.fields.size()) {
      faults.push_back({row.line, 1, fmt::format("{} fields where the header has {}", row.fields.size(), table.header.fields.size())});
    } else {
      table.rows.push_back(std::move(row));
    }
  }
  std::vector<CsvFault> scanned = scanner.take_faults();
  faults.insert(faults.end(), scanned.begin(), scanned.end());
  if (!has_header) faults.push_back({1, 1, "no header"});
  if (!faults.empty()) return csv_error(file, std::move(faults));
  return table;
}

void write_csv_row(std::string& out, const std::vector<std::string_view>& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i != 0) out += ',';
    // A lone empty field would read back as an empty line.
    const bool quotes = fields[i].find_first_of(",\"\r\n") != std::string_view::npos || (fields.size() == 1 && fields[i].empty());
    if (!quotes) {
      out += fields[i];
      continue;
    }
    out += '"';
    for (const char c : fields[i]) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += '\n';
}

}  // namespace reeve
