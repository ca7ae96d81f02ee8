#pragma once
// Takes typed values out of one CSV row and notes every fault with its place.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/parse.h"
#include "codec/csv.h"

namespace reeve {

class RowReader {
 public:
  // All three outlive the reader.
  RowReader(const CsvTable& table, const CsvRow& row, std::vector<CsvFault>& faults) : table_(table), row_(row), faults_(faults) {}

  // The text of the column; empty when the table has no such column.
  const std::string& text(std::string_view column) const { return field(column).text; }

  std::string required_text(std::string_view column);

  // Absent when empty. A fault when it is no number, or not in [min, max].
  std::optional<double> real(std::string_view column, double min, double max);
  std::optional<std::int64_t> integer(std::string_view column, std::int64_t min, std::int64_t max);

  // A fault when empty too.
  std::int64_t required_integer(std::string_view column, std::int64_t min, std::int64_t max);

  // Decimal text to millionths, exactly. A fault when negative, not a number, or finer than a millionth.
  std::optional<std::int64_t> millionths(std::string_view column);

  // Parts between `separator`, trimmed, empty ones left out.
  std::vector<std::string> list(std::string_view column, char separator) const;

  // Device ids as "2330 2331"; a fault for each that is not four upper-case hex digits.
  std::vector<std::string> pci_ids(std::string_view column);

  void fault(std::string_view column, std::string reason);

 private:
  const CsvField& field(std::string_view column) const;

  const CsvTable& table_;
  const CsvRow& row_;
  std::vector<CsvFault>& faults_;
};

// Faults of the header: a required column missing, a column that nobody knows.
std::vector<CsvFault> check_columns(const CsvTable& table, const std::vector<std::string_view>& required,
                                    const std::vector<std::string_view>& optional);

}  // namespace reeve
