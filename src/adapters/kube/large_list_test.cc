#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adapters/kube/cluster_watch.h"
#include "testing/fake_clock.h"

namespace reeve::kube {
namespace {

using namespace std::chrono_literals;

constexpr int pods = 20'000;
constexpr std::size_t piece_bytes = 16 << 10;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_is_ours = false;
#else
constexpr bool memory_is_ours = true;
#endif

// A server that ignores `limit`: 100 MB in one answer, written while it is read, in pieces that end anywhere. Watches stay open.
class LargeApi final : public http::StreamClient {
 public:
  explicit LargeApi(std::atomic<std::uint64_t>& sent) : sent_(sent) {}

  Result<http::ResponseHead> send(const std::string&, const std::string& target, const http::Headers&, std::string_view) override {
    watch_ = target.find("watch=1") != std::string::npos;
    pending_ = R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[)";
    at_ = 0;
    return http::ResponseHead{target.starts_with("/api/v1/pods") ? 200 : 404, {}};
  }

  Result<std::string_view> read_some(Milliseconds) override {
    if (watch_) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return cancelled_; });
      return Error{Errc::unavailable, "cancelled"};
    }
    for (; pending_.size() < piece_bytes && at_ < pods; ++at_) {
      if (at_ > 0) pending_ += ",";
      pending_ += fmt::format(
          R"({{"metadata":{{"name":"pod-{:05}","namespace":"ns","managedFields":[{{"f":"{}"}}]}},"spec":{{"nodeName":"n{}"}}}})", at_,
          padding_, at_ % 1000);
      if (at_ + 1 == pods) pending_ += "]}";
    }
    piece_ = pending_.substr(0, piece_bytes);
    pending_.erase(0, piece_.size());
    sent_ += piece_.size();
    return std::string_view(piece_);
  }

  Result<std::string> read_all(Milliseconds, std::size_t) override { return std::string(); }
  void cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    wake_.notify_all();
  }
  void close() override {}

 private:
  std::atomic<std::uint64_t>& sent_;
  const std::string padding_ = std::string(5'100, 'x');
  std::string pending_{};
  std::string piece_{};
  int at_ = 0;
  bool watch_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool cancelled_ = false;
};

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST(KubeLargeList, a_hundred_megabytes_in_one_answer_cost_no_more_than_what_is_kept_of_them) {
  std::atomic<std::uint64_t> sent = 0;
  ApiAccess access;
  access.connect = [&sent]() -> Result<std::unique_ptr<http::StreamClient>> {
    return std::unique_ptr<http::StreamClient>(std::make_unique<LargeApi>(sent));
  };
  access.authorize = []() -> Result<http::Headers> { return http::Headers{}; };
  FakeClock clock;
  ClusterWatchOptions options;
  options.kinds = {cluster::Kind::pods};
  const std::size_t before = resident_bytes();
  const auto view = make_cluster_view(std::move(access), clock, options);
  std::size_t most = 0;
  for (int i = 0; i < 20'000 && view->snapshot()->pods.empty(); ++i) {
    most = std::max(most, resident_bytes());
    std::this_thread::sleep_for(5ms);
  }
  most = std::max(most, resident_bytes());
  const auto snapshot = view->snapshot();
  ASSERT_EQ(snapshot->pods.size(), static_cast<std::size_t>(pods));
  EXPECT_EQ(snapshot->pods_of_node.size(), 1000U);
  EXPECT_GT(sent, 100'000'000U);
  if (memory_is_ours) {
    EXPECT_LT(most - before, 50U << 20U);
  }
}

}  // namespace
}  // namespace reeve::kube
