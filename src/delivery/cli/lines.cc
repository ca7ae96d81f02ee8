#include "delivery/cli/lines.h"

#include <fmt/format.h>

#include "delivery/cli/json_access.h"

namespace reeve::cli {

void Lines::add(const std::string& title, std::string text) {
  if (!text.empty() && text != "-") lines_.push_back({title + ":", std::move(text)});
}

void Lines::add_text(const std::string& title, const Json& item, std::string_view name) { add(title, text_at(item, name)); }

void Lines::add_time(const std::string& title, const Json& item, std::string_view name, Timestamp now) {
  const auto at = time_at(item, name);
  if (!at) return;
  const std::string age = age_text(at, now);
  add(title, fmt::format("{} ({})", text_at(item, name), age.starts_with("in ") ? age : age + " ago"));
}

std::string Lines::text() const { return render_table({{""}, {""}}, lines_, {.headers = false}); }

std::string section(const std::string& title, const std::vector<Column>& columns, const std::vector<Row>& rows) {
  if (rows.empty()) return title + ": none\n";
  return title + ":\n" + render_table(columns, rows, {.indent = 2});
}

}  // namespace reeve::cli
