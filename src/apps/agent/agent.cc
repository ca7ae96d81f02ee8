#include "apps/agent/agent.h"

#include <malloc.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "adapters/kubelet/kubelet_observer.h"
#include "adapters/system/port_file.h"
#include "adapters/system/system_clock.h"
#include "adapters/vendor_nvml/nvml_driver.h"
#include "apps/serve/config.h"
#include "delivery/agent/agent_routes.h"
#include "delivery/agent/observer.h"
#include "net/http/server.h"

namespace reeve {
namespace {

// An agent lives for months beside somebody's work: memory that comes in large pieces (the served texts) goes
// back to the system, and few arenas keep what is left in one place.
void keep_memory_small() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 64 << 10);
  mallopt(M_TRIM_THRESHOLD, 128 << 10);
}

std::string name_of_this_node(const AgentOptions& options) {
  if (!options.node_name.empty()) return options.node_name;
  if (const char* name = std::getenv("NODE_NAME"); name && *name) return name;
  char host[256] = {};
  if (gethostname(host, sizeof host - 1) != 0 || host[0] == 0) return "localhost";
  return host;
}

void say(const std::string& line) { std::fprintf(stderr, "%s %s\n", to_rfc3339(SystemClock().now()).c_str(), line.c_str()); }

sigset_t block_ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Says something when it is news: the failure, or that all is well again.
void tell(const std::string& error, std::string& told, const char* well) {
  if (error == told) return;
  told = error;
  say(fmt::format("reeve agent: {}", error.empty() ? well : error));
}

// Returns when the process is asked to end; meanwhile tells when the driver and the kubelet come and go.
void wait_for_the_end(const sigset_t& signals, const Observer& observer) {
  constexpr timespec glance{2, 0};
  std::string driver;
  std::string kubelet;
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &glance);
    if (signal > 0) return;
    const auto view = observer.view();
    tell(view->report().error, driver, "the driver can be used");
    tell(view->report().kubelet_error, kubelet, "the kubelet answers");
  }
}

// Null: nobody is to be asked.
std::unique_ptr<HolderObserver> make_holder_observer(const AgentOptions& options) {
  if (options.pod_resources == "off") return nullptr;
  KubeletOptions kubelet;
  if (!options.pod_resources.empty()) kubelet.socket = options.pod_resources;
  return make_kubelet_observer(kubelet);
}

// A vendor's library may hang in its own destructors at exit, too.
void end_within_a_second() {
  std::signal(SIGALRM, [](int) { std::_Exit(0); });
  alarm(1);
}

}  // namespace

int run_agent(const AgentOptions& options) {
  keep_memory_small();
  const sigset_t signals = block_ending_signals();
  const Result<ListenAddress> listen = parse_listen(options.listen);
  if (!listen) {
    std::fprintf(stderr, "reeve agent: %s\n", listen.error().message.c_str());
    return 2;
  }

  const SystemClock clock;
  std::stop_source stop;
  const auto driver = make_nvml_driver({.library = options.nvml, .call_deadline = options.call_deadline, .stop = stop.get_token()}, clock);
  ObserverOptions observing;
  observing.node.text = name_of_this_node(options);
  observing.interval = options.interval;
  observing.max_age = options.max_age;
  observing.old_hostname_label = options.old_hostname_label;
  observing.version = options.version;
  observing.kubelet_expected = !options.pod_resources.empty();
  const auto holders = make_holder_observer(options);
  Observer observer(*driver, clock, observing, holders.get());

  http::ServerOptions serving;
  serving.address = listen->host;
  serving.port = listen->port;
  serving.threads = 1;  // every answer is prepared
  serving.connections_max = 256;
  auto server = http::Server::start(serving, agent_handler(observer));
  if (!server) {
    std::fprintf(stderr, "reeve agent: %s\n", server.error().message.c_str());
    return 1;
  }
  const std::uint16_t port = (*server)->port();
  if (!options.port_file.empty()) {
    if (const Status written = write_port_file(options.port_file, port); !written) {
      std::fprintf(stderr, "reeve agent: %s\n", written.error().message.c_str());
      return 1;
    }
  }
  say(fmt::format("reeve agent: node {} listens on {}:{} and looks every {} ms", observing.node.text, listen->host, port,
                  options.interval.count()));
  wait_for_the_end(signals, observer);
  end_within_a_second();
  stop.request_stop();
  return 0;
}

}  // namespace reeve
