#include "apps/serve/command.h"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "adapters/system/port_file.h"
#include "apps/serve/control_plane.h"

namespace reeve {
namespace {

struct ServeFlags {
  std::string config_path{};
  std::string listen{};
  std::string data_dir{};
  std::string port_file{};
};

Result<ServeConfig> config_of(const ServeFlags& flags) {
  Result<ServeConfig> config = flags.config_path.empty() ? Result<ServeConfig>(ServeConfig{}) : read_config(flags.config_path);
  if (!config) return config;
  if (!flags.listen.empty()) {
    const auto listen = parse_listen(flags.listen);
    if (!listen) return listen.error();
    config->listen = *listen;
  }
  if (!flags.data_dir.empty()) config->data_dir = flags.data_dir;
  return config;
}

Status serve(const ServeFlags& flags) {
  // Blocked before any thread is made, so that only sigwait() below gets them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  const auto config = config_of(flags);
  if (!config) return config.error();
  const auto plane = ControlPlane::start(*config);
  if (!plane) return plane.error();
  if (!flags.port_file.empty())
    if (const Status written = write_port_file(flags.port_file, (*plane)->port()); !written) return written;
  fmt::print(stderr, "reeve: serving on http://{}:{}/, data in {}\n", config->listen.host, (*plane)->port(), config->data_dir);
  int signal = 0;
  sigwait(&ending, &signal);
  fmt::print(stderr, "reeve: ending\n");
  return Done{};
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* command = app.add_subcommand("serve", "Run the control plane: collect, keep, allocate, show");
  command->add_option("--config", flags->config_path, "YAML file; without it only the defaults hold")->check(CLI::ExistingFile);
  command->add_option("--listen", flags->listen, "ADDR:PORT to serve on (default 127.0.0.1:8080; port 0: any)");
  command->add_option("--data-dir", flags->data_dir, "Where inventory and history are kept (default reeve-data)");
  command->add_option("--port-file", flags->port_file, "Write the port here once it is served");
  command->callback([flags, &exit_code] {
    if (const Status ended = serve(*flags); !ended) {
      fmt::print(stderr, "reeve: {}\n", ended.error().message);
      exit_code = 1;
    }
  });
}

}  // namespace reeve
