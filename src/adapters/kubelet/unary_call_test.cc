#include "adapters/kubelet/unary_call.h"

#include <gtest/gtest.h>

#include "adapters/kubelet/fake_kubelet_test.h"

namespace reeve::kubelet {
namespace {

Result<std::string> ask(const FakeKubelet& kubelet, Milliseconds deadline = Milliseconds(5'000), std::size_t answer_max = 16 << 20) {
  return call_unary(
      {.socket = kubelet.socket(), .method = "/v1.Lister/List", .request = "question", .deadline = deadline, .answer_max = answer_max});
}

Error fault(Script script) {
  const FakeKubelet kubelet(std::move(script));
  const auto answer = ask(kubelet);
  return answer ? Error{Errc::internal, "none"} : answer.error();
}

TEST(UnaryCall, brings_the_answer_of_the_method_it_names) {
  const FakeKubelet kubelet({.body = framed("answer")});
  EXPECT_EQ(*ask(kubelet), "answer");
  EXPECT_EQ(kubelet.paths(), std::vector<std::string>{"/v1.Lister/List"});
}

TEST(UnaryCall, an_empty_message_is_an_answer) {
  const FakeKubelet kubelet({.body = framed("")});
  EXPECT_EQ(*ask(kubelet), "");
}

TEST(UnaryCall, an_answer_larger_than_the_windows_comes_whole) {
  std::string large(5 << 20, 'x');
  large[4'000'000] = 'y';
  const FakeKubelet kubelet({.body = framed(large)});
  const auto answer = ask(kubelet);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(*answer, large);
}

TEST(UnaryCall, a_refusal_keeps_the_servers_words) {
  const Error refused = fault({.grpc_status = "8", .grpc_message = "rejected by rate%20limit", .only_trailers = true});
  EXPECT_EQ(refused.code, Errc::unavailable);
  EXPECT_NE(refused.message.find("cannot ask v1.Lister/List at /"), std::string::npos) << refused.message;
  EXPECT_TRUE(refused.message.ends_with("status 8: rejected by rate limit")) << refused.message;
  EXPECT_EQ(fault({.grpc_status = "12", .only_trailers = true}).code, Errc::unsupported);
  EXPECT_EQ(fault({.grpc_status = "4", .only_trailers = true}).code, Errc::timed_out);
  EXPECT_EQ(fault({.body = framed("half an answer"), .grpc_status = "13"}).code, Errc::unavailable);
}

TEST(UnaryCall, what_is_no_answer_is_told_apart) {
  const auto says = [](Script script, std::string_view words) {
    const Error error = fault(std::move(script));
    return error.code == Errc::unavailable && error.message.find(words) != std::string::npos ? "" : error.message;
  };
  EXPECT_EQ(says({.body = ""}, "holds no message"), "");
  EXPECT_EQ(says({.body = framed("ab").substr(0, 6)}, "not one message"), "");
  EXPECT_EQ(says({.body = framed("a") + framed("b")}, "not one message"), "");
  EXPECT_EQ(says({.body = "\x01" + framed("a").substr(1)}, "compressed"), "");
  EXPECT_EQ(says({.body = framed("a"), .grpc_status = ""}, "without a status"), "");
  EXPECT_EQ(says({.http_status = "503", .grpc_status = ""}, "HTTP status 503"), "");
  EXPECT_EQ(says({.hang_up = true}, "closed"), "");
}

TEST(UnaryCall, a_server_that_hangs_costs_the_deadline_and_no_more) {
  const FakeKubelet kubelet({.silent = true});
  const auto began = std::chrono::steady_clock::now();
  const auto answer = ask(kubelet, Milliseconds(100));
  const auto took = std::chrono::steady_clock::now() - began;
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Errc::timed_out);
  EXPECT_GE(took, Milliseconds(100));
  EXPECT_LT(took, Milliseconds(3'000));
}

TEST(UnaryCall, an_answer_beyond_the_limit_is_refused_before_it_is_all_there) {
  const FakeKubelet kubelet({.body = framed(std::string(100'000, 'x'))});
  const auto answer = ask(kubelet, Milliseconds(5'000), 99'999);
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find("larger than 99999 bytes"), std::string::npos) << answer.error().message;
  EXPECT_TRUE(ask(kubelet, Milliseconds(5'000), 100'000).ok());
}

TEST(UnaryCall, a_server_that_was_started_anew_is_asked_like_the_one_before) {
  FakeKubelet kubelet({.body = framed("before")});
  EXPECT_EQ(*ask(kubelet), "before");
  kubelet.stop();
  const auto gone = ask(kubelet);
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, Errc::not_found);
  kubelet.set({.body = framed("after")});
  kubelet.start();
  EXPECT_EQ(*ask(kubelet), "after");
}

TEST(UnaryCall, a_path_that_is_no_socket_is_an_error_and_no_more) {
  EXPECT_EQ(call_unary({.socket = std::string(200, 'x'), .method = "/a"}).error().code, Errc::invalid_argument);
  EXPECT_EQ(call_unary({.socket = "/dev/null", .method = "/a"}).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace reeve::kubelet
