#include "adapters/catalogue_csv/row_reader.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace reeve {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_pci_id(std::string_view text) {
  return text.size() == 4 && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
}

}  // namespace

const CsvField& RowReader::field(std::string_view column) const {
  static const CsvField absent;
  const auto at = table_.column(column);
  return at ? row_.fields[*at] : absent;
}

void RowReader::fault(std::string_view column, std::string reason) {
  const CsvField& where = field(column);
  faults_.push_back({where.line == 0 ? row_.line : where.line, where.line == 0 ? 1 : where.column, fmt::format("{}: {}", column, reason)});
}

std::string RowReader::required_text(std::string_view column) {
  if (text(column).empty()) fault(column, "must not be empty");
  return text(column);
}

std::optional<double> RowReader::real(std::string_view column, double min, double max) {
  const std::string& raw = text(column);
  if (raw.empty()) return std::nullopt;
  const auto number = parse_number<double>(raw);
  if (!number || !std::isfinite(*number)) {
    fault(column, fmt::format("'{}' is not a number", raw));
    return std::nullopt;
  }
  if (*number < min || *number > max) {
    fault(column, fmt::format("{} is not between {} and {}", raw, min, max));
    return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> RowReader::integer(std::string_view column, std::int64_t min, std::int64_t max) {
  const std::string& raw = text(column);
  if (raw.empty()) return std::nullopt;
  const auto number = parse_number<std::int64_t>(raw);
  if (!number) {
    fault(column, fmt::format("'{}' is not a whole number", raw));
    return std::nullopt;
  }
  if (*number < min || *number > max) {
    fault(column, fmt::format("{} is not between {} and {}", raw, min, max));
    return std::nullopt;
  }
  return number;
}

std::int64_t RowReader::required_integer(std::string_view column, std::int64_t min, std::int64_t max) {
  if (text(column).empty()) fault(column, "must not be empty");
  return integer(column, min, max).value_or(min);
}

std::optional<std::int64_t> RowReader::millionths(std::string_view column) {
  const std::string& raw = text(column);
  if (raw.empty()) return std::nullopt;
  const std::size_t point = std::min(raw.find('.'), raw.size());
  std::string fraction = point == raw.size() ? "" : raw.substr(point + 1);
  const bool has_digits = point > 0 && (point == raw.size() || !fraction.empty());
  if (fraction.size() > 6) {
    fault(column, fmt::format("'{}' is finer than a millionth", raw));
    return std::nullopt;
  }
  fraction.resize(6, '0');
  const auto whole = parse_number<std::uint32_t>(std::string_view(raw).substr(0, point));
  const auto parts = parse_number<std::uint32_t>(fraction);
  if (!has_digits || !whole || !parts) {
    fault(column, fmt::format("'{}' is not an amount of money", raw));
    return std::nullopt;
  }
  return std::int64_t{*whole} * 1'000'000 + *parts;
}

std::vector<std::string> RowReader::list(std::string_view column, char separator) const {
  std::vector<std::string> parts;
  std::string_view rest = text(column);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    if (const std::string_view part = trimmed(rest.substr(0, end)); !part.empty()) parts.emplace_back(part);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

std::vector<std::string> RowReader::pci_ids(std::string_view column) {
  std::vector<std::string> ids = list(column, ' ');
  for (const std::string& id : ids)
    if (!is_pci_id(id)) fault(column, fmt::format("'{}' is not four upper-case hex digits", id));
  return ids;
}

std::vector<CsvFault> check_columns(const CsvTable& table, const std::vector<std::string_view>& required,
                                    const std::vector<std::string_view>& optional) {
  std::vector<CsvFault> faults;
  for (const std::string_view name : required)
    if (!table.column(name)) faults.push_back({table.header.line, 1, fmt::format("column '{}' is missing", name)});
  for (const CsvField& field : table.header.fields)
    if (std::ranges::find(required, field.text) == required.end() && std::ranges::find(optional, field.text) == optional.end())
      faults.push_back({field.line, field.column, fmt::format("unknown column '{}'", field.text)});
  return faults;
}

}  // namespace reeve
