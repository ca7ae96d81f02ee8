#include "codec/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace reeve {
namespace {

std::string sample(JsonStyle style) {
  std::string out;
  JsonWriter json(out, style);
  json.begin_object().field("name", "a\"b\n\x01").field("n", 3).field("x", 2.5).field("none", std::optional<int>());
  json.key("list").begin_array().value(1).value(true).end_array().key("empty").begin_array().end_array();
  json.key("map").begin_object().end_object().end_object();
  return out;
}

TEST(JsonWriter, compact_text_has_no_blanks) {
  EXPECT_EQ(sample(JsonStyle::compact), R"({"name":"a\"b\n\u0001","n":3,"x":2.5,"none":null,"list":[1,true],"empty":[],"map":{}})");
}

TEST(JsonWriter, the_old_systems_style_is_that_of_jackson) {
  EXPECT_EQ(sample(JsonStyle::jackson), R"({
  "name" : "a\"b\n\u0001",
  "n" : 3,
  "x" : 2.5,
  "none" : null,
  "list" : [ 1, true ],
  "empty" : [ ],
  "map" : { }
})");
}

// Arrays do not indent there: only objects do.
TEST(JsonWriter, objects_in_an_array_of_the_old_system_share_its_lines) {
  std::string out;
  JsonWriter json(out, JsonStyle::jackson);
  json.begin_array().begin_object().key("a").begin_array();
  json.begin_object().field("b", 1).end_object().begin_object().end_object().end_array().end_object();
  json.begin_object().field("c", 2).end_object().end_array();
  EXPECT_EQ(out, R"([ {
  "a" : [ {
    "b" : 1
  }, { } ]
}, {
  "c" : 2
} ])");
}

TEST(JsonWriter, a_whole_double_keeps_its_point_and_an_infinite_one_is_null) {
  std::string out;
  JsonWriter(out).begin_array().value(3.0).value(0.1).value(1e300).value(std::numeric_limits<double>::infinity()).end_array();
  EXPECT_EQ(out, "[3.0,0.1,1e+300,null]");
}

TEST(JsonWriter, absent_fields_can_be_left_out) {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .field_if("a", std::optional<int>())
      .field_if("b", std::optional(1))
      .field_if("c", std::string())
      .end_object();
  EXPECT_EQ(out, R"({"b":1})");
}

}  // namespace
}  // namespace reeve
