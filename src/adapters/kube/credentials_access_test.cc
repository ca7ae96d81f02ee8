#include "adapters/kube/credentials_access.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adapters/kube/cluster_watch.h"
#include "net/http/server.h"
#include "testing/fake_clock.h"

namespace reeve::kube {
namespace {

using namespace std::chrono_literals;

// An API server over TCP: one pod, a token that changes, and watches that stay open.
class TcpApi {
 public:
  TcpApi() {
    auto started =
        http::Server::start({}, [this](http::Request request, std::shared_ptr<http::Responder> responder) { answer(request, *responder); });
    EXPECT_TRUE(started.ok());
    server_ = *std::move(started);
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }
  void set_token(const std::string& token) {
    const std::lock_guard lock(mutex_);
    token_ = token;
  }
  bool send_event(std::string line) {
    const std::lock_guard lock(mutex_);
    for (const auto& watch : watches_) watch->send(line);
    return !watches_.empty();
  }
  int refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

 private:
  void answer(const http::Request& request, http::Responder& responder) {
    const std::lock_guard lock(mutex_);
    if (request.header("Authorization").value_or("") != "Bearer " + token_) {
      ++refused_;
      return responder.respond(http::json_response(401, R"({"kind":"Status","code":401,"message":"Unauthorized"})"));
    }
    if (request.path != "/proxy/api/v1/pods") return responder.respond(http::json_response(404, "{}"));
    if (request.parameter("watch")) {
      watches_.push_back(responder.start_stream({200, {{"Content-Type", "application/json"}}, nullptr}));
      return;
    }
    responder.respond(http::json_response(
        200, R"({"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a","namespace":"ns","resourceVersion":"5"}}]})"));
  }

  std::mutex mutex_;
  std::string token_ = "first";
  int refused_ = 0;
  std::vector<std::shared_ptr<http::Stream>> watches_{};
  std::unique_ptr<http::Server> server_;
};

bool comes_true(const std::function<bool()>& state) {
  for (int i = 0; i < 5000; ++i) {
    if (state()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

TEST(KubeAccess, a_cluster_is_followed_over_tcp_and_a_token_that_was_replaced_is_read_again) {
  TcpApi api;
  const std::string token_file = testing::TempDir() + fmt::format("kube_token_{}", ::getpid());
  std::ofstream(token_file) << "first";
  ClusterAccess credentials;
  credentials.server = api.url();
  credentials.base_path = "/proxy";
  credentials.token_file = token_file;
  FakeClock clock;
  ClusterWatchOptions options;
  options.kinds = {cluster::Kind::pods};
  options.publish_interval = 2ms;
  options.reflector.retry_max = 20ms;
  const auto view = make_cluster_view(access_with(std::make_shared<Credentials>(credentials)), clock, options);
  ASSERT_TRUE(comes_true([&] { return view->snapshot()->pods.size() == 1; }));
  ASSERT_TRUE(comes_true([&] {
    return api.send_event(R"({"type":"ADDED","object":{"metadata":{"name":"b","namespace":"ns","resourceVersion":"8"}}})"
                          "\n");
  }));
  ASSERT_TRUE(comes_true([&] { return view->snapshot()->pods.size() == 2; }));
  // The token is replaced; an expired watch makes it list again, which is refused once.
  api.set_token("second");
  std::ofstream(token_file) << "second";
  api.send_event(R"({"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}})"
                 "\n");
  ASSERT_TRUE(comes_true([&] { return view->snapshot()->status(cluster::Kind::pods).lists == 2; }));
  EXPECT_EQ(view->snapshot()->pods.size(), 1U);
  EXPECT_GE(api.refused(), 1);
  std::remove(token_file.c_str());
}

}  // namespace
}  // namespace reeve::kube
