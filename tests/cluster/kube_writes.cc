// Makes one kind of request to the API server that a kubeconfig names and prints "ok" or the failure, for api_writes_test.py:
//
//   kube_writes KUBECONFIG apply|force NAMESPACE NAME VALUE     a ConfigMap with server-side apply
//   kube_writes KUBECONFIG create|delete NAMESPACE NAME UID     a ConfigMap; the UID is the delete's precondition
//   kube_writes KUBECONFIG status NAMESPACE NAME MESSAGE        a pod's status.message
//   kube_writes KUBECONFIG pages NAMESPACE - LIMIT              the names of the ConfigMaps, page by page
//   kube_writes KUBECONFIG event NAMESPACE POD TIMES            the same event several times
//   kube_writes KUBECONFIG lease NAMESPACE IDENTITY COMMANDS    h: take or renew, r: release, w: wait a second

#include <boost/json/object.hpp>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "adapters/kube/api_client.h"
#include "adapters/kube/event_recorder.h"
#include "adapters/kube/kubeconfig.h"
#include "adapters/kube/lease_lock.h"
#include "adapters/system/system_clock.h"
#include "base/parse.h"

namespace reeve::kube {
namespace {

constexpr ApiResource config_maps{.plural = "configmaps"};

int tell(const Error& error) {
  std::printf("%s %s\n", std::string(to_text(error.code)).c_str(), error.message.c_str());
  return 1;
}

template <class T>
int tell(const Result<T>& result) {
  if (!result) return tell(result.error());
  std::puts("ok");
  return 0;
}

boost::json::value config_map(const std::string& space, const std::string& name, const std::string& value) {
  return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}, {"namespace", space}}}, {"data", {{"key", value}}}};
}

int pages(ApiClient& client, const std::string& space, std::size_t limit) {
  ListOptions options{.limit = limit};
  do {
    const auto page = client.list({.resource = config_maps, .namespace_name = space}, options);
    if (!page) return tell(page.error());
    for (const auto& item : page->items.as_array()) std::printf("%s ", item.at("metadata").at("name").as_string().c_str());
    std::puts("");
    options.continue_token = page->continue_token;
  } while (!options.continue_token.empty());
  return 0;
}

// Once, then the others together, as one count.
int events(const std::shared_ptr<Credentials>& credentials, const std::string& space, const std::string& pod, std::uint64_t times) {
  const SystemClock clock;
  EventRecorder recorder(credentials, clock, {.count_interval = Milliseconds(100)});
  const auto wait_for = [&](const auto& reached) {
    for (int i = 0; i < 1000 && !reached(recorder.counts()) && recorder.counts().dropped == 0; ++i)
      std::this_thread::sleep_for(Milliseconds(10));
  };
  const Event event{.about = {.kind = "Pod", .namespace_name = space, .name = pod},
                    .warning = true,
                    .reason = "DeviceConflict",
                    .action = "Reconciling",
                    .note = "two sources disagree"};
  recorder.record(event);
  wait_for([](const EventCounts& counts) { return counts.created == 1; });
  for (std::uint64_t i = 1; i < times; ++i) recorder.record(event);
  if (times > 1) wait_for([](const EventCounts& counts) { return counts.counted == 1; });
  const auto counts = recorder.counts();
  std::printf("created %d counted %d dropped %d %s\n", static_cast<int>(counts.created), static_cast<int>(counts.counted),
              static_cast<int>(counts.dropped), counts.last_error.c_str());
  return counts.dropped == 0 ? 0 : 1;
}

int lease(ApiClient& client, const std::string& space, const std::string& identity, const std::string& commands) {
  const SystemClock clock;
  LeaseLock lock(
      client, clock,
      {.namespace_name = space, .identity = identity, .duration = std::chrono::seconds(3), .renew_deadline = Milliseconds(2'000)});
  for (const char command : commands) {
    if (command == 'w') std::this_thread::sleep_for(std::chrono::seconds(1));
    if (command == 'r') tell(lock.release());
    if (command != 'h') continue;
    const auto held = lock.hold();
    if (!held) return tell(held.error());
    std::puts(*held ? "held" : "waits");
    std::fflush(stdout);
  }
  return 0;
}

int run(const std::vector<std::string>& words) {
  const auto access = read_kubeconfig({words[0]}, "");
  if (!access) return tell(access.error());
  const auto credentials = std::make_shared<Credentials>(*access);
  ApiClient client(credentials);
  const std::string &verb = words[1], &space = words[2], &name = words[3], &value = words[4];
  const ApiObject object{.resource = config_maps, .namespace_name = space, .name = name};
  if (verb == "apply" || verb == "force") return tell(client.apply(object, config_map(space, name, value), verb == "force"));
  if (verb == "create") return tell(client.create(object, config_map(space, name, value)));
  if (verb == "delete") return tell(client.remove(object, {.uid = value}));
  if (verb == "status")
    return tell(client.patch({.resource = api_pods, .namespace_name = space, .name = name, .subresource = "status"},
                             {{"status", {{"message", value}}}}));
  if (verb == "pages") return pages(client, space, parse_number<std::size_t>(value).value_or(1));
  if (verb == "event") return events(credentials, space, name, parse_number<std::uint64_t>(value).value_or(1));
  if (verb == "lease") return lease(client, space, name, value);
  return 2;
}

}  // namespace
}  // namespace reeve::kube

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  return reeve::kube::run({argv + 1, argv + argc});
}
