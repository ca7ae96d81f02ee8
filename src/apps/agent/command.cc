#include "apps/agent/command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "apps/agent/agent.h"
#include "apps/serve/config.h"

namespace reeve {
namespace {

// Fills `out` when the option is given; what cannot be read is CLI11's error, with its exit code and help.
template <class Out>
void add_duration(CLI::App& command, const std::string& name, Out& out, const std::string& help) {
  command
      .add_option_function<std::string>(
          name,
          [&out, name](const std::string& text) {
            const Result<Milliseconds> duration = parse_duration(text);
            if (!duration) throw CLI::ValidationError(name, duration.error().message);
            if (*duration <= Milliseconds(0)) throw CLI::ValidationError(name, "must be longer than nothing");
            out = *duration;
          },
          help)
      ->type_name("DURATION");
}

}  // namespace

void add_agent_command(CLI::App& app, int& exit_code, const std::string& version) {
  const auto options = std::make_shared<AgentOptions>();
  options->version = version;
  CLI::App* command = app.add_subcommand("agent", "Observe the GPUs of this machine and serve them at /metrics and /v1/devices");
  command->add_option("--listen", options->listen, "ADDR:PORT to serve on; port 0 picks a free one")->capture_default_str();
  command->add_option("--nvml", options->nvml, "NVIDIA's management library, a path or a name")->capture_default_str();
  command
      ->add_option("--pod-resources", options->pod_resources,
                   "the kubelet's socket for who holds which GPU; off: nobody is asked (default: the usual one, if it is there)")
      ->type_name("PATH");
  command->add_option("--node-name", options->node_name, "name of this node (default: $NODE_NAME, else the host's name)");
  command->add_option("--port-file", options->port_file, "file that gets the port once it is bound");
  command->add_flag("--hostname-label", options->old_hostname_label,
                    "write the label Hostname instead of hostname, as dcgm-exporter did until May 2026");
  add_duration(*command, "--interval", options->interval, "time between two looks at the GPUs (default: 30s)");
  add_duration(*command, "--max-age", options->max_age, "a scrape of older values waits for a new look (default: none waits)");
  add_duration(*command, "--call-deadline", options->call_deadline, "how long one driver call is waited for (default: 2s)");
  command->callback([options, &exit_code] { exit_code = run_agent(*options); });
}

}  // namespace reeve
