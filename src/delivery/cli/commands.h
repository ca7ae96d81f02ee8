#pragma once
// The commands that talk to a server over its REST API.

#include "delivery/cli/console.h"

namespace CLI {
class App;
}

namespace reeve::cli {

// Adds get, describe, allocate, release, top, version and completion to `app`. When one of them was parsed it
// runs, and leaves its exit code in `exit_code`. All three outlive the parsing.
void add_client_commands(CLI::App& app, const Console& console, int& exit_code);

// Parses and runs. 2 when the words make no sense, with a hint on the error stream; else `exit_code`, as the
// command that ran has left it. Answers the shell's questions for completion, too.
int run(CLI::App& app, int argc, const char* const* argv, const Console& console, const int& exit_code);

}  // namespace reeve::cli
