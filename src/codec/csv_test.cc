#include "codec/csv.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

std::string message_of(std::string_view text) {
  const auto table = read_csv("f.csv", text);
  return table ? "" : table.error().message;
}

TEST(Csv, quotes_hold_commas_quotes_and_line_breaks) {
  const auto table = read_csv("f.csv", "id,note\r\na,\"x, \"\"y\"\"\nz\"\r\n\r\nb,\n");
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->rows.size(), 2u);
  EXPECT_EQ(table->rows[0].fields[1].text, "x, \"y\"\nz");
  EXPECT_EQ(table->rows[1].fields[1].text, "");
}

TEST(Csv, every_field_knows_its_line_and_column) {
  const auto table = read_csv("f.csv", "a,b\n1,22\n\"x\ny\",3\n4,5");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows[0].fields[1].column, 3u);
  EXPECT_EQ(table->rows[1].line, 3u);
  EXPECT_EQ(table->rows[1].fields[1].line, 4u);
  EXPECT_EQ(table->rows[1].fields[1].column, 4u);
  EXPECT_EQ(table->rows[2].line, 5u);
}

TEST(Csv, a_byte_order_mark_is_no_part_of_the_first_column) {
  const auto table = read_csv("f.csv", "\xEF\xBB\xBFid\n1\n");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->column("id"), 0u);
  EXPECT_EQ(table->column("none"), std::nullopt);
}

TEST(Csv, bad_text_is_refused_with_its_place) {
  EXPECT_EQ(message_of(""), "f.csv:1:1: no header");
  EXPECT_EQ(message_of("a,a\n"), "f.csv:1:3: column 'a' is named twice");
  EXPECT_EQ(message_of("a,b\n1\n"), "f.csv:2:1: 1 fields where the header has 2");
  EXPECT_EQ(message_of("a,b\n1,x\"y\n"), "f.csv:2:4: a quote inside an unquoted field");
  EXPECT_EQ(message_of("a,b\n1,\"x\"y\n"), "f.csv:2:6: text behind a closing quote");
  EXPECT_EQ(message_of("a,b\n1,\"x\n"), "f.csv:2:3: the quote is never closed");
}

TEST(Csv, all_faults_are_told_but_not_more_than_twenty) {
  std::string text = "a,b\n";
  for (int i = 0; i < 25; ++i) text += "1\n";
  const std::string message = message_of(text);
  EXPECT_NE(message.find("f.csv:21:1:"), std::string::npos);
  EXPECT_EQ(message.find("f.csv:22:1:"), std::string::npos);
  EXPECT_TRUE(message.ends_with("f.csv: 5 more faults")) << message;
}

TEST(Csv, what_is_written_reads_back) {
  const std::vector<std::string_view> fields{"plain", "a,b", "say \"x\"", "two\nlines", "", " blank "};
  std::string text;
  write_csv_row(text, {"1", "2", "3", "4", "5", "6"});
  write_csv_row(text, fields);
  const auto table = read_csv("f.csv", text);
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->rows.size(), 1u);
  for (std::size_t i = 0; i < fields.size(); ++i) EXPECT_EQ(table->rows[0].fields[i].text, fields[i]);
}

TEST(Csv, a_lone_empty_field_survives) {
  std::string text = "a\n";
  write_csv_row(text, {""});
  EXPECT_EQ(text, "a\n\"\"\n");
}

}  // namespace
}  // namespace reeve
