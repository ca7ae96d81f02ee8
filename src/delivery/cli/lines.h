#pragma once
// The two forms of text that describing commands are made of: titled lines, and titled tables.

#include <string>
#include <string_view>
#include <vector>

#include "delivery/cli/api.h"
#include "delivery/cli/text_table.h"

namespace reeve::cli {

// "Name:      n1" lines, aligned when they are printed. What is not known has no line.
class Lines {
 public:
  void add(const std::string& title, std::string text);
  void add_text(const std::string& title, const Json& item, std::string_view name);
  void add_time(const std::string& title, const Json& item, std::string_view name, Timestamp now);
  std::string text() const;

 private:
  std::vector<Row> lines_{};
};

// "Title:" and an indented table, or "Title: none".
std::string section(const std::string& title, const std::vector<Column>& columns, const std::vector<Row>& rows);

}  // namespace reeve::cli
