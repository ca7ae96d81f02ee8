#include "codec/json_parse.h"

#include <gtest/gtest.h>

#include <string>

namespace reeve {
namespace {

TEST(ParseJson, a_document_is_read) {
  const auto document = parse_json(R"({"a":[1,2.5,"x"]})");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->at("a").at(0).to_number<int>(), 1);
}

TEST(ParseJson, bad_text_is_refused_with_its_place) {
  for (const char* text : {"", "{", "{}x", "{\"a\":}", "[1,]", "nul"}) {
    const auto document = parse_json(text);
    ASSERT_FALSE(document) << text;
    EXPECT_NE(document.error().message.find("at byte"), std::string::npos) << document.error().message;
  }
}

TEST(ParseJson, a_bomb_of_brackets_is_refused) { EXPECT_FALSE(parse_json(std::string(1000, '[') + std::string(1000, ']'))); }

TEST(ParseJson, a_text_over_the_limit_is_refused_unread) { EXPECT_FALSE(parse_json("[1,2,3]", {.bytes_max = 3})); }

}  // namespace
}  // namespace reeve
