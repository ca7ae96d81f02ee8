#pragma once
// Aligned columns of text, and the measures in them as people read them. Unknown is "-".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace reeve::cli {

struct Column {
  std::string title{};
  bool right = false;  // numbers
};

struct TableStyle {
  bool headers = true;
  std::size_t indent = 0;
};

using Row = std::vector<std::string>;  // one cell a column

// Lines without trailing blanks, each ended by a line feed; empty for no rows and no headers.
std::string render_table(const std::vector<Column>& columns, const std::vector<Row>& rows, const TableStyle& style = {});

// The same in steps, for tables that grow: widths of the columns so far, then lines of these widths.
std::vector<std::size_t> column_widths(const std::vector<Column>& columns, const std::vector<Row>& rows, bool headers);
std::string header_line(const std::vector<Column>& columns, const std::vector<std::size_t>& widths, std::size_t indent = 0);
std::string table_line(const std::vector<Column>& columns, const std::vector<std::size_t>& widths, const Row& row, std::size_t indent = 0);

// Columns on a terminal: code points, wide ones (Hangul, Han, kana, full-width forms) counted twice.
std::size_t display_width(std::string_view utf8);
// The front of the text that fits `width`, ending in "…" when something was cut.
std::string cut_to_width(std::string_view utf8, std::size_t width);

std::string or_dash(std::string text);
std::string percent_text(std::optional<double> percent);                                  // "87%"
std::string celsius_text(std::optional<double> celsius);                                  // "64°C"
std::string watts_text(std::optional<double> watts);                                      // "512W", "41.2kW" from 10 kW
std::string mib_text(std::optional<double> mib);                                          // "512MiB", "79.6GiB", "1.2TiB" from 10 TiB
std::string share_text(std::optional<double> used_mib, std::optional<double> total_mib);  // "61.9/80.0GiB"
std::string count_text(std::optional<double> count);                                      // "12"
std::string usd_text(std::optional<double> usd);                                          // "$8.00"
std::string yes_no_text(std::optional<bool> flag);                                        // "yes", "no"
// "12s", "5m", "3h", "2d": how long before `now`; a time ahead of it is "in 5m".
std::string age_text(std::optional<Timestamp> at, Timestamp now);

}  // namespace reeve::cli
