#pragma once
#include <string>

namespace CLI {
class App;
}

namespace reeve {

// `reeve agent` and its options; when the subcommand is called, it runs and sets `exit_code`. `app` and
// `exit_code` must outlive parsing. `version` is what reeve_build_info says.
void add_agent_command(CLI::App& app, int& exit_code, const std::string& version);

}  // namespace reeve
