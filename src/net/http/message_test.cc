#include "net/http/message.h"

#include <gtest/gtest.h>

#include "net/http/gzip.h"
#include "net/http/router.h"
#include "net/http/target.h"

namespace reeve::http {
namespace {

// Answers into a place of the test, at once.
struct Kept final : Responder {
  Response answer{.status = 0};
  void respond(Response response) override { answer = std::move(response); }
  std::shared_ptr<Stream> start_stream(Response) override { return nullptr; }
};

Handler says(const std::string& text) {
  return immediate([text](const Request& request) {
    std::string all = text;
    for (const auto& [name, value] : request.path_parameters) all += " " + name + "=" + value;
    return text_response(200, "text/plain", all);
  });
}

std::string ask(const Router& router, const std::string& method, const std::string& path) {
  const auto kept = std::make_shared<Kept>();
  router.handle({.method = method, .path = path}, kept);
  return kept->answer.body ? *kept->answer.body : "";
}

Router sample_router() {
  return Router({{"GET", "/a/{id}", says("one")},
                 {"PATCH", "/a/{id}", says("patch")},
                 {"GET", "/a/all", says("all")},
                 {"GET", "/a", says("list")},
                 {"GET", "/a/{id}/b/{name}", says("deep")},
                 {"GET", "/files/{rest...}", says("files")}},
                says("missing"), says("method"));
}

TEST(Router, literals_win_over_parameters) {
  EXPECT_EQ(ask(sample_router(), "GET", "/a/all"), "all");
  EXPECT_EQ(ask(sample_router(), "GET", "/a/7"), "one id=7");
  EXPECT_EQ(ask(sample_router(), "PATCH", "/a/7"), "patch id=7");
  EXPECT_EQ(ask(sample_router(), "GET", "/a/7/b/x"), "deep id=7 name=x");
}

TEST(Router, the_rest_of_a_path_is_one_parameter) {
  EXPECT_EQ(ask(sample_router(), "GET", "/files/css/a.css"), "files rest=css/a.css");
  EXPECT_EQ(ask(sample_router(), "GET", "/files/"), "files rest=");
}

TEST(Router, head_is_answered_by_get) { EXPECT_EQ(ask(sample_router(), "HEAD", "/a"), "list"); }

TEST(Router, unknown_paths_and_methods_are_told_apart) {
  EXPECT_EQ(ask(sample_router(), "GET", "/b"), "missing");
  EXPECT_EQ(ask(sample_router(), "GET", "/a/"), "missing");
  EXPECT_EQ(ask(sample_router(), "GET", "a"), "missing");
  EXPECT_EQ(ask(sample_router(), "GET", ""), "missing");
  EXPECT_EQ(ask(sample_router(), "DELETE", "/a/7"), "method allow=GET, PATCH");
  EXPECT_EQ(ask(sample_router(), "POST", "/a/all"), "method allow=GET");
}

TEST(Headers, names_have_no_case) {
  const Request request{.headers = {{"Content-Type", "x"}}};
  EXPECT_EQ(request.header("content-type"), "x");
  EXPECT_EQ(request.header("accept"), std::nullopt);
}

TEST(Target, path_and_query_are_decoded) {
  const auto target = parse_target("/a%20b/%ED%95%9C?x=1+2&y=%26&z&=e&&w=a=b#frag");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a b/\xED\x95\x9C");
  EXPECT_EQ(target->query, (Query{{"x", "1 2"}, {"y", "&"}, {"z", ""}, {"", "e"}, {"w", "a=b"}}));
}

TEST(Target, a_proxy_form_loses_its_host) {
  EXPECT_EQ(parse_target("http://h:80/p?q=1")->path, "/p");
  EXPECT_EQ(parse_target("http://h")->path, "/");
}

TEST(Target, bad_text_is_refused) {
  for (const char* text : {"", "x", "*", "/%", "/%4", "/%zz", "/%00", "/%ff", "/?a=%c0%af", "/?%ed%a0%80=1", "/?a=%f4%90%80%80"})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(Target, what_is_encoded_reads_back) {
  const std::string text = "a/b?c=d&e f+%\xED\x95\x9C";
  EXPECT_EQ(parse_target("/?x=" + percent_encode(text))->query.front().second, text);
}

TEST(Gzip, what_the_client_accepts_is_read_from_its_header) {
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("deflate, GZIP;q=0.5"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("br, deflate"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.00"));
}

TEST(Gzip, a_body_that_is_kept_is_compressed_once) {
  GzipCache cache;
  const auto shared = std::make_shared<const std::string>(10'000, 'x');
  const auto also_kept = shared;
  EXPECT_EQ(cache.compress(shared), cache.compress(shared));
}

}  // namespace
}  // namespace reeve::http
