#pragma once
// `reeve agent`: observes the GPUs of this machine and serves what it sees.

#include <optional>
#include <string>

#include "base/time.h"

namespace reeve {

struct AgentOptions {
  std::string listen = "0.0.0.0:9400";  // where dcgm-exporter is looked for
  std::string nvml = "libnvidia-ml.so.1";
  std::string node_name{};  // empty: NODE_NAME of the environment, else the host's name
  Milliseconds interval{30'000};
  std::optional<Milliseconds> max_age{};
  Milliseconds call_deadline{2'000};  // of one driver call
  std::string pod_resources{};        // the kubelet's socket; empty: its usual one, if it is there; "off": nobody is asked
  std::string port_file{};            // written once the port is bound, for --listen ADDR:0
  bool old_hostname_label = false;
  std::string version{};
};

// Runs until SIGTERM or SIGINT; takes both signals for itself, so it is called on the program's main thread
// before there are others. Answers the exit code; ends within a second even when a driver call hangs.
int run_agent(const AgentOptions& options);

}  // namespace reeve
