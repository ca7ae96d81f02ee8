#pragma once
// Shell completion. The scripts are a few lines that ask `reeve __complete WORD...` for candidates, so they never
// fall behind the commands; names of nodes and devices come from the server.

#include <string>
#include <vector>

#include "delivery/cli/session.h"

namespace CLI {
class App;
}

namespace reeve::cli {

// The script for "bash", "zsh" or "fish"; empty for another shell.
std::string completion_script(std::string_view shell, const std::string& program);

// What may stand in the place of the last of `words`. Quick, and silent on every failure: a shell is waiting.
std::vector<std::string> completions(const CLI::App& app, const Console& console, const std::vector<std::string>& words);

}  // namespace reeve::cli
