#include "testing/http_probe.h"

#include <gtest/gtest.h>

#include <thread>

namespace reeve {
namespace {

TEST(HttpProbe, an_answer_at_once_is_returned) {
  const auto handler = http::immediate([](const http::Request& request) {
    return http::json_response(201, std::string(request.parameter("a").value_or("none")) + request.path);
  });
  const http::Response response = probe(handler, "GET", "/x%20y?a=1%2B2");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(body_of(response), "1+2/x y");
  EXPECT_EQ(header_of(response, "content-type"), "application/json");
}

TEST(HttpProbe, an_answer_of_another_thread_is_waited_for) {
  std::jthread worker;
  const http::Handler handler = [&](const http::Request&, const std::shared_ptr<http::Responder>& responder) {
    worker = std::jthread([responder] { responder->respond({.status = 204}); });
  };
  EXPECT_EQ(probe(handler, "GET", "/").status, 204);
}

TEST(HttpProbe, a_dropped_responder_is_a_500) {
  const http::Handler handler = [](const http::Request&, const std::shared_ptr<http::Responder>&) {};
  EXPECT_EQ(probe(handler, "GET", "/").status, 500);
}

TEST(HttpProbe, a_stream_collects_its_chunks) {
  const http::Handler handler = [](const http::Request&, const std::shared_ptr<http::Responder>& responder) {
    const auto stream = responder->start_stream({.status = 200});
    stream->send("a");
    stream->send("b");
  };
  const StreamAnswer answer = probe_stream(handler, make_request("GET", "/"));
  EXPECT_EQ(answer.head.status, 200);
  ASSERT_NE(answer.stream, nullptr);
  EXPECT_TRUE(answer.stream->wait_for("ab"));
}

}  // namespace
}  // namespace reeve
