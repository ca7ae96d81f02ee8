#include "delivery/web/web_routes.h"

#include <gtest/gtest.h>

#include "testing/http_probe.h"

namespace reeve::web {
namespace {

const std::vector<Asset> built{
    {"/index.html", "<html>page</html>"}, {"/assets/index-1f.js", "let x"}, {"/favicon.svg", "<svg/>"}, {"/LICENSES", "text"}};

http::Response ask(const std::vector<Asset>& assets, std::string_view path, const http::Headers& headers = {}) {
  const http::Handler missing = http::immediate([](const http::Request&) { return http::json_response(404, "{}"); });
  const http::Router router(web_routes(assets), page_or(missing, assets), missing);
  const auto route = [&router](http::Request request, std::shared_ptr<http::Responder> responder) {
    router.handle(std::move(request), std::move(responder));
  };
  return probe(route, "GET", path, {}, headers);
}

const http::Headers browser{{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}};

TEST(WebRoutes, a_file_comes_with_its_type_and_its_bytes) {
  const http::Response script = ask(built, "/assets/index-1f.js");
  EXPECT_EQ(script.status, 200);
  EXPECT_EQ(body_of(script), "let x");
  EXPECT_EQ(header_of(script, "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(header_of(ask(built, "/favicon.svg"), "Content-Type"), "image/svg+xml");
  EXPECT_EQ(header_of(ask(built, "/LICENSES"), "Content-Type"), "application/octet-stream");
}

TEST(WebRoutes, only_files_named_after_their_content_are_kept_for_ever) {
  EXPECT_EQ(header_of(ask(built, "/assets/index-1f.js"), "Cache-Control"), "public, max-age=31536000, immutable");
  for (const char* path : {"/", "/index.html", "/favicon.svg", "/gpus/n1-GPU-00"}) {
    EXPECT_EQ(header_of(ask(built, path), "Cache-Control"), "no-cache") << path;
  }
}

TEST(WebRoutes, what_a_browser_has_already_is_not_sent_again) {
  const std::string tag = header_of(ask(built, "/"), "ETag");
  ASSERT_FALSE(tag.empty());
  const http::Response again = ask(built, "/", {{"If-None-Match", "W/" + tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, nullptr);
  EXPECT_EQ(header_of(again, "ETag"), tag);
  EXPECT_EQ(ask(built, "/", {{"If-None-Match", "\"other\""}}).status, 200);
  EXPECT_NE(header_of(ask(built, "/favicon.svg"), "ETag"), tag);
}

TEST(WebRoutes, every_answer_allows_only_our_own_scripts_and_types) {
  for (const char* path : {"/", "/assets/index-1f.js", "/favicon.svg", "/allocations"}) {
    const http::Response response = ask(built, path);
    EXPECT_TRUE(header_of(response, "Content-Security-Policy").starts_with("default-src 'self'; ")) << path;
    EXPECT_EQ(header_of(response, "X-Content-Type-Options"), "nosniff") << path;
  }
}

TEST(WebRoutes, pages_have_addresses_that_can_be_opened) {
  for (const char* path : {"/", "/gpus/gpu-node-01-GPU-03", "/allocations"}) {
    const http::Response page = ask(built, path);
    EXPECT_EQ(page.status, 200) << path;
    EXPECT_EQ(body_of(page), "<html>page</html>") << path;
  }
}

TEST(WebRoutes, a_browser_on_an_unknown_page_gets_the_dashboard_and_a_program_gets_404) {
  EXPECT_EQ(body_of(ask(built, "/no/such/page", browser)), "<html>page</html>");
  EXPECT_EQ(ask(built, "/no/such/page").status, 404);
  EXPECT_EQ(ask(built, "/no/such/page", {{"Accept", "application/json"}}).status, 404);
}

TEST(WebRoutes, unknown_api_paths_and_lost_files_are_404_in_a_browser_too) {
  EXPECT_EQ(ask(built, "/api/v1/nothing", browser).status, 404);
  EXPECT_EQ(ask(built, "/k8s-monitor/api/v1/nothing", browser).status, 404);
  EXPECT_EQ(ask(built, "/assets/index-old.js", browser).status, 404);
}

TEST(WebRoutes, a_binary_without_a_dashboard_says_so_and_how_to_get_one) {
  const http::Response page = ask({}, "/", browser);
  EXPECT_EQ(page.status, 503);
  EXPECT_NE(body_of(page).find("npm ci"), std::string::npos);
  EXPECT_EQ(ask({}, "/allocations", browser).status, 404);
}

}  // namespace
}  // namespace reeve::web
