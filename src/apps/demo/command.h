#pragma once

namespace CLI {
class App;
}

namespace reeve::demo {

// Adds `demo` to the command line. When it was parsed it runs until SIGTERM or SIGINT and leaves its exit code in
// `exit_code`, which outlives the parsing.
void add_demo_command(CLI::App& app, int& exit_code);

}  // namespace reeve::demo
