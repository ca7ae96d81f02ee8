#include "delivery/cli/document_text.h"

#include <gtest/gtest.h>

#include "codec/json_parse.h"

namespace reeve::cli {
namespace {

std::string yaml_of(const char* json) { return to_yaml_text(*parse_json(json)); }

TEST(Yaml, lists_and_objects_nest) {
  EXPECT_EQ(yaml_of(R"({"a":1,"b":[1,"x",{"c":true,"d":{"e":null}}],"f":[],"g":{},"h":[[1,2],[]]})"),
            "a: 1\nb:\n- 1\n- x\n- c: true\n  d:\n    e: null\nf: []\ng: {}\nh:\n- - 1\n  - 2\n- []\n");
}

TEST(Yaml, text_that_would_be_read_otherwise_is_quoted) {
  for (const char* text : {"",    "yes", "No",   "null", "~",  "1",          "-1.5",       "0x1f", "1e5", ".5", "12:30:00", "a: b", "a #b",
                           "- a", "*x",  "end:", " x",   "x ", "two\nlines", "2026-11-24", "{",    "@x",  "%",  "tab\t",    "0b1"}) {
    const boost::json::value value(text);
    const auto back = parse_yaml(to_yaml_text(value));
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(*back, value) << text;
    EXPECT_EQ(to_yaml_text(value).front(), '"') << text;
  }
  EXPECT_EQ(yaml_of(R"("n1-GPU-00")"), "n1-GPU-00\n");
  EXPECT_EQ(yaml_of(R"j("10.0.0.1:9400 (x)")j"), "10.0.0.1:9400 (x)\n");
}

TEST(Yaml, what_is_written_reads_back_the_same) {
  const auto document =
      *parse_json(R"({"items":[{"id":"A","n":-3,"x":0.25,"labels":{"app.kubernetes.io/name":"vllm","v":"1.0"}}],"next":null})");
  const auto back = parse_yaml(to_yaml_text(document));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, document);
}

TEST(Yaml, faults_are_named_with_their_place) {
  for (const char* text : {"a: [1", "a: 1\na: 2", "a: b: c", "? [x]\n: 1", "a: 1\n---\nb: 2"}) {
    const auto document = parse_yaml(text);
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().code, Errc::invalid_argument);
  }
  EXPECT_NE(parse_yaml("a: 1\na: 2").error().message.find("line 2, column 1"), std::string::npos);
  EXPECT_FALSE(parse_yaml(std::string(500, '[') + std::string(500, ']')));
}

TEST(Yaml, json_is_yaml) { EXPECT_EQ(*parse_yaml(R"({"a":[1,2],"b":"1"})"), *parse_json(R"({"a":[1,2],"b":"1"})")); }

TEST(JsonText, keeps_the_order_and_the_kind_of_numbers) {
  EXPECT_EQ(to_json_text(*parse_json(R"({"b":1,"a":[2.5,10.0],"e":[]})")),
            "{\n  \"b\": 1,\n  \"a\": [\n    2.5,\n    10.0\n  ],\n  \"e\": []\n}\n");
}

}  // namespace
}  // namespace reeve::cli
