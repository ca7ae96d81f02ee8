// What the view of a large cluster costs: lists pods of some 5 KB each from a server that ignores the page size, then changes
// them at a given rate, and prints the throughput of the list, the memory kept, and the CPU time of a publication.
//   cluster_watch_bench [pods [nodes [changes a second [seconds]]]]

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "adapters/kube/cluster_watch.h"
#include "base/parse.h"

namespace {

using namespace reeve;
using SteadyClock = std::chrono::steady_clock;

struct Size {
  int pods = 20'000;
  int nodes = 1'000;
  int changes_per_second = 500;
  int seconds = 10;
};

// As the API server writes them; what Reeve drops is there too.
std::string pod_text(int n, const Size& size, int version) {
  std::string fields =
      R"("f:metadata":{"f:annotations":{".":{},"f:prometheus.io/port":{}},"f:generateName":{},"f:labels":{".":{},"f:app":{}}})";
  std::string managed;
  for (int i = 0; i < 12; ++i) managed += fmt::format(R"({}"f:k{}":{{{}}})", i == 0 ? "" : ",", i, fields);
  std::string environment;
  for (int i = 0; i < 10; ++i)
    environment += fmt::format(R"({}{{"name":"SETTING_{}","value":"some-value-of-a-setting-{}"}})", i == 0 ? "" : ",", i, n);
  std::string conditions;
  for (const char* type : {"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"})
    conditions += fmt::format(R"({}{{"type":"{}","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-25T01:02:03Z"}})",
                              conditions.empty() ? "" : ",", type);
  return fmt::format(
      R"({{"metadata":{{"name":"inference-{0}-7d9c8b6f5d-x{0:05}","generateName":"inference-{0}-7d9c8b6f5d-","namespace":"team-{1}",)"
      R"("uid":"5f0c1d1e-3b5c-4d0e-9a7b-{0:012}","resourceVersion":"{2}","creationTimestamp":"2026-11-25T01:02:03Z",)"
      R"("labels":{{"app":"inference-{0}","app.kubernetes.io/name":"vllm",)"
      R"("app.kubernetes.io/part-of":"serving","pod-template-hash":"7d9c8b6f5d"}},)"
      R"("annotations":{{"prometheus.io/port":"8000","prometheus.io/scrape":"true",)"
      R"("kubectl.kubernetes.io/last-applied-configuration":"{{{3:400}}}"}},)"
      R"("ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet",)"
      R"("name":"inference-{0}-7d9c8b6f5d","uid":"u","controller":true}}],)"
      R"("managedFields":[{{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1",)"
      R"("fieldsType":"FieldsV1","fieldsV1":{{{4}}}}}]}},)"
      R"("spec":{{"volumes":[{{"name":"kube-api-access-x",)"
      R"("projected":{{"sources":[{{"serviceAccountToken":{{"expirationSeconds":3607,"path":"token"}}}}]}}}}],)"
      R"("containers":[{{"name":"vllm","image":"registry.example/serving/vllm-openai:v0.11.0","command":["vllm"],)"
      R"("args":["serve","meta-llama/Llama-3.1-8B-Instruct","--tensor-parallel-size=2","--port=8000"],)"
      R"("ports":[{{"name":"http","containerPort":8000}}],)"
      R"("env":[{5}],"resources":{{"limits":{{"cpu":"8","memory":"64Gi","nvidia.com/gpu":"2"}},)"
      R"("requests":{{"cpu":"4","memory":"32Gi","nvidia.com/gpu":"2"}}}},)"
      R"("terminationMessagePath":"/dev/termination-log","imagePullPolicy":"IfNotPresent"}}],)"
      R"("restartPolicy":"Always","serviceAccountName":"default",)"
      R"("nodeName":"gpu-node-{6:04}","schedulerName":"default-scheduler","priority":0}},)"
      R"("status":{{"phase":"Running","conditions":[{7}],"hostIP":"10.0.0.1","podIP":"10.1.{8}.{9}","startTime":"2026-11-25T01:02:03Z",)"
      R"("containerStatuses":[{{"name":"vllm",)"
      R"("state":{{"running":{{"startedAt":"2026-11-25T01:02:03Z"}}}},"ready":true,"restartCount":{10},)"
      R"("image":"registry.example/serving/vllm-openai:v0.11.0",)"
      R"("imageID":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}]}}}})",
      n, n % 50, version, "", managed, environment, n % size.nodes, conditions, n / 256 % 256, n % 256, version % 7);
}

std::string node_text(int n) {
  return fmt::format(R"({{"metadata":{{"name":"gpu-node-{:04}","resourceVersion":"1",)"
                     R"("labels":{{"nvidia.com/gpu.present":"true"}}}},"status":{{"capacity":)"
                     R"({{"cpu":"64","memory":"527984Mi","nvidia.com/gpu":"8"}},"conditions":[{{"type":"Ready","status":"True"}}]}}}})",
                     n);
}

// Writes its answers while they are read.
class GeneratedApi final : public http::StreamClient {
 public:
  explicit GeneratedApi(const Size& size) : size_(size) {}

  Result<http::ResponseHead> send(const std::string&, const std::string& target, const http::Headers&, std::string_view) override {
    is_watch_ = target.find("watch=1") != std::string::npos;
    is_pods_ = target.starts_with("/api/v1/pods");
    is_nodes_ = target.starts_with("/api/v1/nodes");
    at_ = -1;
    begun_ = SteadyClock::now();
    return http::ResponseHead{is_pods_ || is_nodes_ ? 200 : 404, {}};
  }

  Result<std::string_view> read_some(Milliseconds) override {
    const int count = is_pods_ ? size_.pods : is_nodes_ ? size_.nodes : 0;
    if (is_watch_) return event();
    if (at_ > count) return std::string_view();
    if (at_ == -1) piece_ = R"({"kind":"List","metadata":{"resourceVersion":"1"},"items":[)";
    if (at_ >= 0 && at_ < count) piece_ = (at_ == 0 ? "" : ",") + (is_pods_ ? pod_text(at_, size_, 1) : node_text(at_));
    if (at_ == count) piece_ = "]}";
    ++at_;
    if (is_pods_) listed_bytes += piece_.size();
    return std::string_view(piece_);
  }

  Result<std::string> read_all(Milliseconds, std::size_t) override { return std::string(); }
  void cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    wake_.notify_all();
  }
  void close() override {}

  static inline std::atomic<std::uint64_t> listed_bytes = 0;

 private:
  Result<std::string_view> event() {
    std::unique_lock lock(mutex_);
    ++at_;
    const auto due = begun_ + std::chrono::microseconds(1'000'000LL * at_ / std::max(1, size_.changes_per_second));
    if (!is_pods_ || size_.changes_per_second == 0) wake_.wait(lock, [this] { return cancelled_; });
    wake_.wait_until(lock, due, [this] { return cancelled_; });
    if (cancelled_) return Error{Errc::unavailable, "cancelled"};
    piece_ = fmt::format("{{\"type\":\"MODIFIED\",\"object\":{}}}\n", pod_text(at_ * 7919 % size_.pods, size_, at_ + 2));
    return std::string_view(piece_);
  }

  const Size size_;
  bool is_watch_ = false, is_pods_ = false, is_nodes_ = false;
  int at_ = -1;
  SteadyClock::time_point begun_{};
  std::string piece_{};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool cancelled_ = false;
};

class SystemTime final : public Clock {
 public:
  Timestamp now() const override { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); }
};

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  long all = 0, resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / (1 << 20);
}

double cpu_ms(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Publications {
  int count = 0;
  double cpu = 0, most = 0, last = -1;
};

}  // namespace

int main(int argc, char** argv) {
  Size size;
  int* const wanted[] = {&size.pods, &size.nodes, &size.changes_per_second, &size.seconds};
  for (int i = 1; i < argc && i <= 4; ++i) *wanted[i - 1] = parse_number<int>(argv[i]).value_or(1);
  SystemTime clock;
  const double before = resident_mib(), cpu_before = cpu_ms(CLOCK_PROCESS_CPUTIME_ID);
  const auto begun = SteadyClock::now();
  kube::ApiAccess access;
  access.connect = [&size]() -> Result<std::unique_ptr<http::StreamClient>> {
    return std::unique_ptr<http::StreamClient>(std::make_unique<GeneratedApi>(size));
  };
  access.authorize = []() -> Result<http::Headers> { return http::Headers{}; };
  auto view = kube::make_cluster_view(access, clock, {.kinds = {cluster::Kind::nodes, cluster::Kind::pods}});
  while (view->snapshot()->pods.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const double list_cpu = cpu_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
  const double list_ms = std::chrono::duration<double, std::milli>(SteadyClock::now() - begun).count();
  const double mib = static_cast<double>(GeneratedApi::listed_bytes) / (1 << 20);
  fmt::print("list: {} pods, {:.1f} MiB ({} bytes a pod) in {:.0f} ms, {:.0f} ms CPU with writing the text\n",
             view->snapshot()->pods.size(), mib, GeneratedApi::listed_bytes / static_cast<unsigned>(size.pods), list_ms, list_cpu);
  fmt::print("memory: {:.1f} MiB more than before the list\n", resident_mib() - before);
  std::mutex mutex;
  Publications seen;
  auto handle = view->subscribe([&](const auto&) {
    const std::lock_guard lock(mutex);
    const double now = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
    if (seen.last >= 0) {
      ++seen.count;
      seen.cpu += now - seen.last;
      seen.most = std::max(seen.most, now - seen.last);
    }
    seen.last = now;
  });
  const double churn_before = cpu_ms(CLOCK_PROCESS_CPUTIME_ID);
  std::this_thread::sleep_for(std::chrono::seconds(size.seconds));
  const double churn = cpu_ms(CLOCK_PROCESS_CPUTIME_ID) - churn_before;
  handle.reset();
  fmt::print(
      "churn: {} changes/s: {} publications, {:.2f} ms CPU each (most {:.2f}), {:.1f}% of a core in all, writing the text included\n",
      size.changes_per_second, seen.count, seen.cpu / std::max(1, seen.count), seen.most, churn / 10.0 / size.seconds);
  const double memory = resident_mib() - before, publication = seen.cpu / std::max(1, seen.count);
  fmt::print("memory: {:.1f} MiB more than before the list (goal 150); a publication (goal 5 ms): {:.2f} ms\n", memory, publication);
  return memory < 150 && publication < 5 ? 0 : 1;
}
