// The program. Called as `reeve` it runs the command that follows; linked to or copied as `kubectl-reeve` it is a kubectl plug-in.

#include <CLI/CLI.hpp>

#include <filesystem>

#include "apps/agent/command.h"
#include "apps/demo/command.h"
#include "apps/mig/command.h"
#include "apps/serve/command.h"
#include "delivery/cli/commands.h"

// NOLINTNEXTLINE(bugprone-exception-escape): what escapes is a bug, and ends the program with its text
int main(int argc, char** argv) {
  CLI::App app("Reeve runs the GPUs of Kubernetes clusters.", "reeve");
  const reeve::cli::Console console = reeve::cli::system_console(std::filesystem::path(argv[0]).filename(), REEVE_VERSION);
  int exit_code = 0;
  reeve::add_serve_command(app, exit_code);
  reeve::add_agent_command(app, exit_code, REEVE_VERSION);
  reeve::demo::add_demo_command(app, exit_code);
  reeve::add_mig_command(app, exit_code);
  reeve::cli::add_client_commands(app, console, exit_code);
  return reeve::cli::run(app, argc, argv, console, exit_code);
}
