#pragma once
// CSV as RFC 4180 has it: comma, double quotes, CRLF or LF; a quoted field may hold both and line breaks.
// The first record names the columns. Every field knows where it stood, so that what reads it can say so.
//
// Pure functions; a table owns its text.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace reeve {

struct CsvField {
  std::string text{};
  std::size_t line = 0;    // from 1; of the field's first character
  std::size_t column = 0;  // from 1, in bytes
};

struct CsvRow {
  std::size_t line = 0;  // of its first field
  std::vector<CsvField> fields{};
};

struct CsvTable {
  CsvRow header{};
  std::vector<CsvRow> rows{};  // each with as many fields as the header

  std::optional<std::size_t> column(std::string_view name) const;
};

// One fault of a CSV file, with its place.
struct CsvFault {
  std::size_t line = 0;
  std::size_t column = 0;
  std::string reason{};
};

// "models.csv:3:17: bad number" for each fault, one a line; from the 21st on only how many there are.
Error csv_error(std::string_view file, std::vector<CsvFault> faults);

// Empty lines are skipped; a byte order mark is ignored. Invalid argument, with every fault found: text after a closing quote, a quote
// inside an unquoted field, a quote never closed, a row with another number of fields than the header, a
// column named twice, a field that is not UTF-8, no header. `file` is only used in messages.
Result<CsvTable> read_csv(std::string_view file, std::string_view text);

// Appends one record with its line break ("\n"), quoting only where it must.
void write_csv_row(std::string& out, const std::vector<std::string_view>& fields);

}  // namespace reeve
