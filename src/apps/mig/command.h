#pragma once

namespace CLI {
class App;
}

namespace reeve {

// `reeve mig pack`: no server is needed. `app` and `exit_code` must outlive parsing.
void add_mig_command(CLI::App& app, int& exit_code);

}  // namespace reeve
