#include "delivery/legacy/request_body.h"

#include <gtest/gtest.h>

#include "testing/http_probe.h"

namespace reeve::legacy {
namespace {

const http::Headers json_headers{{"Content-Type", "application/json;charset=UTF-8"}};

std::variant<RequestBody, int> parse(std::string body, http::Headers headers = json_headers) {
  return RequestBody::parse(make_request("POST", "/x", std::move(body), std::move(headers)));
}
RequestBody body_with(const std::string& fields) { return std::get<RequestBody>(parse("{" + fields + "}")); }

TEST(RequestBody, values_may_come_in_the_wrong_clothes) {
  RequestBody body = body_with(R"("n":"30","f":30.9,"s":7,"b":"true","i":1,"d":"2.5")");
  EXPECT_EQ(body.whole("n"), 30);
  EXPECT_EQ(body.whole("f"), 30);
  EXPECT_EQ(body.text("s"), "7");
  EXPECT_TRUE(body.flag("b"));
  EXPECT_TRUE(body.flag("i"));
  EXPECT_EQ(body.real("d"), 2.5);
  EXPECT_FALSE(body.broken());
}

TEST(RequestBody, null_empty_and_missing_are_the_same) {
  RequestBody body = body_with(R"("n":null,"e":"")");
  EXPECT_EQ(body.whole("n"), std::nullopt);
  EXPECT_EQ(body.whole("e"), std::nullopt);
  EXPECT_EQ(body.text("none"), "");
  EXPECT_FALSE(body.flag("n"));
  EXPECT_FALSE(body.broken());
}

TEST(RequestBody, what_cannot_be_read_is_noticed) {
  EXPECT_EQ(body_with(R"("n":"many")").whole("n"), std::nullopt);
  for (const char* fields : {R"("x":"many")", R"("x":{})", R"("x":[1])", R"("x":1e300)"}) {
    RequestBody body = body_with(fields);
    body.whole("x");
    EXPECT_TRUE(body.broken()) << fields;
  }
  RequestBody body = body_with(R"("t":"tomorrow")");
  body.time("t", LocalZone());
  EXPECT_TRUE(body.broken());
}

TEST(RequestBody, other_media_types_are_415_and_other_documents_400) {
  EXPECT_EQ(std::get<int>(parse("{}", {{"Content-Type", "text/plain"}})), 415);
  EXPECT_EQ(std::get<int>(parse("{}", {})), 415);
  EXPECT_EQ(std::get<int>(parse("{")), 400);
  EXPECT_EQ(std::get<int>(parse("")), 400);
  EXPECT_EQ(std::get<int>(parse("[]")), 400);
}

}  // namespace
}  // namespace reeve::legacy
