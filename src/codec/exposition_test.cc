#include "codec/exposition.h"

#include <cmath>
#include <memory>

#include <gtest/gtest.h>

namespace reeve {
namespace {

struct Read {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value;

  friend bool operator==(const Read&, const Read&) = default;
};

struct Outcome {
  std::vector<Read> samples;
  ExpositionCounts counts;
};

// Reads from a heap block of exactly the text's size, so that the address sanitizer sees a step outside.
Outcome read(std::string_view text) {
  const std::unique_ptr<char[]> block(new char[text.size()]);
  std::copy(text.begin(), text.end(), block.get());
  ExpositionReader reader({block.get(), text.size()});
  Outcome outcome;
  while (const ExpositionSample* sample = reader.next()) {
    Read& one = outcome.samples.emplace_back(Read{std::string(sample->name), {}, sample->value});
    for (const ExpositionLabel& label : sample->labels) one.labels.emplace_back(label.name, unescaped(label));
  }
  outcome.counts = reader.counts();
  return outcome;
}

std::vector<Read> samples(std::string_view text) { return read(text).samples; }

TEST(Exposition, a_line_gives_name_labels_and_value) {
  EXPECT_EQ(samples("DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-1\"} 41\n"),
            (std::vector<Read>{{"DCGM_FI_DEV_GPU_TEMP", {{"gpu", "0"}, {"UUID", "GPU-1"}}, 41}}));
  EXPECT_EQ(samples("up 1\n"), (std::vector<Read>{{"up", {}, 1}}));
  EXPECT_EQ(samples("up{} 1\n"), (std::vector<Read>{{"up", {}, 1}}));
}

TEST(Exposition, comments_and_empty_lines_are_no_samples) {
  const Outcome outcome = read("# HELP up Whether it is.\n# TYPE up gauge\n\n  \nup 1\n# EOF\n");
  EXPECT_EQ(outcome.counts, (ExpositionCounts{1, 3, 0}));
}

TEST(Exposition, help_reaches_the_samples_of_its_own_metric_only) {
  ExpositionReader reader("# HELP a Time (in us).\na 1\nb 2\n");
  EXPECT_EQ(reader.next()->help, "Time (in us).");
  EXPECT_EQ(reader.next()->help, "");
}

TEST(Exposition, the_last_line_needs_no_newline_and_crlf_is_a_newline) {
  EXPECT_EQ(samples("a 1\r\nb 2"), (std::vector<Read>{{"a", {}, 1}, {"b", {}, 2}}));
  EXPECT_EQ(samples("a{x=\"1\"} 1\r\n").size(), 1u);
}

TEST(Exposition, timestamps_and_exemplars_are_passed_over) {
  const auto all = samples(
      "a 1 1700000000123\n"
      "b 2 1700000000.123\n"
      "c_bucket{le=\"1\"} 3 # {trace_id=\"x\"} 0.67 1700000000.1\n"
      "d 4 17 # {} 1\n");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[2].value, 3);
  EXPECT_EQ(all[3].value, 4);
}

TEST(Exposition, every_form_of_number_is_read) {
  const auto all = samples("a 0\nb -3\nc +4.5\nd 1.80211293e+14\ne 243.118000\nf 9223372036854775794\ng 123456789012345\nh 1E3\n");
  ASSERT_EQ(all.size(), 8u);
  const double expected[] = {0, -3, 4.5, 1.80211293e14, 243.118, 9223372036854775808.0, 123456789012345.0, 1000};
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].value, expected[i]) << all[i].name;
}

TEST(Exposition, nan_and_infinities_are_values) {
  const auto all = samples("a NaN\nb +Inf\nc -Inf\nd Inf\n");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_TRUE(std::isnan(all[0].value));
  EXPECT_EQ(all[1].value, INFINITY);
  EXPECT_EQ(all[2].value, -INFINITY);
  EXPECT_EQ(all[3].value, INFINITY);
}

TEST(Exposition, escapes_are_undone_only_where_they_stand) {
  const auto all = samples(R"(a{p="C:\\dir",q="say \"hi\"",r="two\nlines",s="odd\x",t="plain"} 1)");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].labels, (std::vector<std::pair<std::string, std::string>>{
                               {"p", "C:\\dir"}, {"q", "say \"hi\""}, {"r", "two\nlines"}, {"s", "odd\\x"}, {"t", "plain"}}));
  ExpositionReader reader("a{x=\"plain\"} 1");
  EXPECT_FALSE(reader.next()->labels[0].escaped);
}

TEST(Exposition, braces_commas_and_equal_signs_in_a_label_are_text) {
  const auto all = samples(R"(a{x="}{,=",y=" # "} 7)");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].labels[0].second, "}{,=");
  EXPECT_EQ(all[0].value, 7);
}

TEST(Exposition, blanks_and_a_last_comma_are_forgiven) {
  EXPECT_EQ(samples("  a { x = \"1\" , y=\"2\" , }  5 \n"), (std::vector<Read>{{"a", {{"x", "1"}, {"y", "2"}}, 5}}));
  EXPECT_EQ(samples("a\t1\n").size(), 1u);
  EXPECT_EQ(samples("a{x=\"1\"}5\n").size(), 1u);
}

TEST(Exposition, a_label_that_stands_twice_is_handed_out_twice) { EXPECT_EQ(samples("a{x=\"1\",x=\"2\"} 5")[0].labels.size(), 2u); }

TEST(Exposition, a_broken_line_is_counted_and_its_neighbours_are_read) {
  const char* broken[] = {"a",          "a{",        "a{x",         "a{x=",         "a{x=\"",      "a{x=\"1",     "a{x=\"1\"",
                          "a{x=\"1\"}", "a{x=\"1\\", "a{x=\"\\\"",  "a{x=1} 1",     "a{x=\"1\" 1", "a{=\"1\"} 1", "a{x=\"1\"y=\"2\"} 1",
                          "1a 1",       "{} 1",      "a 1 x",       "a one",        "a 1 2 3",     "a +-1",       "a 1e",
                          "<html>",     "a-b 1",     "a{x=\"1\"} ", "\xff\xfe\x00", "a 0x10",      "a --1",       "a 1,5"};
  for (const char* line : broken) {
    const Outcome outcome = read(std::string("before 1\n") + line + "\nafter 2\n");
    EXPECT_EQ(outcome.samples.size(), 2u) << line;
    EXPECT_EQ(outcome.counts.broken, 1u) << line;
    EXPECT_EQ(read(line).samples.size(), 0u) << line;
  }
}

TEST(Exposition, every_prefix_of_a_text_can_be_read) {
  const std::string text = "# HELP a b\na{x=\"1\\\\\",y=\"\\n\"} 1.5e3 17 # {z=\"1\"} 2 3\r\nb NaN\n";
  for (std::size_t n = 0; n <= text.size(); ++n) EXPECT_LE(samples(text.substr(0, n)).size(), 2u);
}

TEST(Exposition, a_line_with_too_many_labels_is_broken) {
  std::string line = "a{";
  for (std::size_t i = 0; i < ExpositionReader::labels_max; ++i) line += "x=\"1\",";
  EXPECT_EQ(read(line + "} 1").counts.samples, 1u);
  EXPECT_EQ(read(line + "x=\"1\"} 1").counts.broken, 1u);
}

TEST(Exposition, a_zero_byte_breaks_its_line_only) {
  const Outcome outcome = read(std::string_view("a 1\n\0\0 2\nb 3\n", 13));
  EXPECT_EQ(outcome.samples.size(), 2u);
  EXPECT_EQ(outcome.counts.broken, 1u);
}

}  // namespace
}  // namespace reeve
