#include "delivery/cli/text_table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace reeve::cli {
namespace {

constexpr std::size_t gap = 3;  // blanks between columns, as kubectl has it

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
};

// Bytes that are no UTF-8 count as one column each.
CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (bytes == 1 || bytes > text.size()) return {lead, 1};
  char32_t value = lead & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  return {value, bytes};
}

std::size_t width_of(char32_t c) {
  const bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
                    (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) || c >= 0x1f300;
  return wide ? 2 : 1;
}

std::string padded(const std::string& cell, std::size_t width, bool right) {
  const std::size_t have = display_width(cell);
  const std::string blanks(width > have ? width - have : 0, ' ');
  return right ? blanks + cell : cell + blanks;
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  while (!utf8.empty()) {
    const CodePoint point = first_code_point(utf8);
    width += width_of(point.value);
    utf8.remove_prefix(point.bytes);
  }
  return width;
}

std::string cut_to_width(std::string_view utf8, std::size_t width) {
  if (display_width(utf8) <= width) return std::string(utf8);
  if (width == 0) return {};
  std::string cut;
  for (std::size_t used = 0; !utf8.empty();) {
    const CodePoint point = first_code_point(utf8);
    used += width_of(point.value);
    if (used > width - 1) break;
    cut += utf8.substr(0, point.bytes);
    utf8.remove_prefix(point.bytes);
  }
  return cut + "…";
}

std::vector<std::size_t> column_widths(const std::vector<Column>& columns, const std::vector<Row>& rows, bool headers) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = headers ? display_width(columns[i].title) : 0;
    for (const Row& row : rows) width = std::max(width, display_width(row[i]));
    widths.push_back(width);
  }
  return widths;
}

std::string table_line(const std::vector<Column>& columns, const std::vector<std::size_t>& widths, const Row& row, std::size_t indent) {
  std::string line(indent, ' ');
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i != 0) line.append(gap, ' ');
    line += padded(row[i], widths[i], columns[i].right);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string header_line(const std::vector<Column>& columns, const std::vector<std::size_t>& widths, std::size_t indent) {
  Row titles;
  for (const Column& column : columns) titles.push_back(column.title);
  return table_line(columns, widths, titles, indent);
}

std::string render_table(const std::vector<Column>& columns, const std::vector<Row>& rows, const TableStyle& style) {
  const auto widths = column_widths(columns, rows, style.headers);
  std::string text = style.headers ? header_line(columns, widths, style.indent) : std::string();
  for (const Row& row : rows) text += table_line(columns, widths, row, style.indent);
  return text;
}

std::string or_dash(std::string text) { return text.empty() ? "-" : std::move(text); }

std::string percent_text(std::optional<double> percent) { return percent ? fmt::format("{:.0f}%", *percent) : "-"; }

std::string celsius_text(std::optional<double> celsius) { return celsius ? fmt::format("{:.0f}°C", *celsius) : "-"; }

std::string watts_text(std::optional<double> watts) {
  if (!watts) return "-";
  return *watts < 10'000 ? fmt::format("{:.0f}W", *watts) : fmt::format("{:.1f}kW", *watts / 1000);
}

std::string mib_text(std::optional<double> mib) {
  if (!mib) return "-";
  if (*mib < 1024) return fmt::format("{:.0f}MiB", *mib);
  if (*mib < 10.0 * 1024 * 1024) return fmt::format("{:.1f}GiB", *mib / 1024);
  return fmt::format("{:.1f}TiB", *mib / 1024 / 1024);
}

std::string share_text(std::optional<double> used_mib, std::optional<double> total_mib) {
  if (!total_mib) return mib_text(used_mib);
  const std::string total = mib_text(total_mib);
  if (!used_mib) return "-/" + total;
  const double unit = *total_mib < 1024 ? 1 : *total_mib < 10.0 * 1024 * 1024 ? 1024 : 1024.0 * 1024;
  return unit == 1 ? fmt::format("{:.0f}/{}", *used_mib, total) : fmt::format("{:.1f}/{}", *used_mib / unit, total);
}

std::string count_text(std::optional<double> count) { return count ? fmt::format("{:.0f}", *count) : "-"; }

std::string usd_text(std::optional<double> usd) { return usd ? fmt::format("${:.2f}", *usd) : "-"; }

std::string yes_no_text(std::optional<bool> flag) { return !flag ? "-" : *flag ? "yes" : "no"; }

std::string age_text(std::optional<Timestamp> at, Timestamp now) {
  if (!at) return "-";
  const bool ahead = *at > now;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(ahead ? *at - now : now - *at).count();
  const std::string text = seconds < 120      ? fmt::format("{}s", seconds)
                           : seconds < 7200   ? fmt::format("{}m", seconds / 60)
                           : seconds < 172800 ? fmt::format("{}h", seconds / 3600)
                                              : fmt::format("{}d", seconds / 86400);
  return ahead ? "in " + text : text;
}

}  // namespace reeve::cli
