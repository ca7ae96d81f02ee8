#include "apps/demo/command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include <csignal>
#include <memory>

#include <fmt/format.h>

#include "apps/demo/demo.h"

namespace reeve::demo {
namespace {

struct DemoFlags {
  std::string listen = "127.0.0.1:8080";
  std::string history = "7d";
  std::string interval = "30s";
  DemoOptions options{};
};

Result<DemoOptions> options_of(const DemoFlags& flags) {
  DemoOptions options = flags.options;
  const auto listen = parse_listen(flags.listen);
  if (!listen) return listen.error();
  options.serve.listen = *listen;
  const auto interval = parse_duration(flags.interval);
  if (!interval) return interval.error();
  if (*interval < std::chrono::seconds(1))
    return Error{Errc::invalid_argument, "cannot collect more often than once a second (--interval)"};
  options.serve.collect_interval = *interval;
  options.serve.collect_deadline = std::min(options.serve.collect_deadline, *interval * 3 / 4);
  if (flags.history != "0") {
    const auto history = parse_duration(flags.history);
    if (!history) return history.error();
    options.history = *history;
  }
  options.progress_bar = ::isatty(STDERR_FILENO) == 1;
  return options;
}

Status demo(const DemoFlags& flags) {
  // Blocked before any thread is made, so that only sigwait() below gets them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  const auto options = options_of(flags);
  if (!options) return options.error();
  return run_demo(*options, [&ending] {
    int signal = 0;
    sigwait(&ending, &signal);
  });
}

}  // namespace

void add_demo_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<DemoFlags>();
  DemoOptions& options = flags->options;
  CLI::App* command = app.add_subcommand("demo", "Run the control plane over a simulated fleet: no GPU, no Kubernetes needed");
  // So that what is said later wins: ./dev run gives options of its own before those of its user.
  command->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  command->add_option("--listen", flags->listen, "ADDR:PORT to serve on; port 0: any")->capture_default_str();
  command->add_option("--data-dir", options.serve.data_dir, "where inventory and history are kept, and taken up again")
      ->capture_default_str();
  command->add_option("--nodes", options.nodes, "simulated nodes of 8 GPUs; each is a process of its own")
      ->capture_default_str()
      ->check(CLI::Range(1, nodes_max));
  command->add_option("--history", flags->history, "how far back to fill in history, as in 7d or 12h; 0: not at all")
      ->capture_default_str();
  command->add_option("--interval", flags->interval, "time between two looks at the fleet")->capture_default_str();
  command->add_flag("--workloads,!--no-workloads", options.workloads, "let pods hold GPUs (default)");
  command->add_option("--nvml", options.nvml, "the simulated driver library (default: sim/libnvidia-ml.so.1 beside this program)");
  command->add_option("--port-file", options.port_file, "write the port here once it is served");
  command->footer(
      "A node costs 2 MiB of memory and next to no processor time. Ctrl-C ends everything; started again with the same\n"
      "--data-dir, the demo goes on where it was.");
  command->callback([flags, &exit_code] {
    if (const Status ended = demo(*flags); !ended) {
      fmt::print(stderr, "reeve: {}\n", ended.error().message);
      exit_code = ended.error().code == Errc::invalid_argument ? 2 : 1;
    }
  });
}

}  // namespace reeve::demo
