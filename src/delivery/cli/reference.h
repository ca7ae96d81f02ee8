#pragma once
// The reference part of docs/cli.md, made from the commands themselves: `reeve __reference`.

#include <string>

namespace CLI {
class App;
}

namespace reeve::cli {

// Markdown: each client command with its flags.
std::string reference_markdown(const CLI::App& app);

}  // namespace reeve::cli
