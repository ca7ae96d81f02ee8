#include "delivery/cli/reference.h"

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "delivery/cli/session.h"

namespace reeve::cli {
namespace {

std::vector<const CLI::App*> subcommands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

// "-n, --namespace TEXT", "NAME", "--limit N:INT"
std::string flags_of(const CLI::Option& option) {
  std::string flags;
  for (const std::string& name : option.get_snames()) flags += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) flags += "--" + name + ", ";
  if (flags.empty()) return option.get_name(true);
  flags.resize(flags.size() - 2);
  if (option.get_positional()) flags = option.get_name(true, false) + " or " + flags;
  const std::string type = option.get_type_name();
  return option.get_items_expected_max() > 0 ? flags + " " + type.substr(0, type.find(" in [")) : flags;
}

std::string options_of(const CLI::App& app, std::string_view group) {
  std::string rows;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty() || (option->get_group() == common_options) != (group == common_options)) continue;
    if (option->check_name("--help")) continue;
    rows += fmt::format("| `{}` | {} |\n", flags_of(*option), option->get_description());
  }
  return rows;
}

void append_command(std::string& text, const CLI::App& app, const std::string& words) {
  const auto below = subcommands_of(app);
  if (below.empty()) {
    text += fmt::format("\n### `{}`\n\n{}.", words, app.get_description());
    std::string aliases;
    for (const std::string& alias : app.get_aliases()) aliases += (aliases.empty() ? "`" : ", `") + alias + "`";
    if (!aliases.empty()) text += fmt::format(" Also: {}.", aliases);
    text += '\n';
    if (const std::string rows = options_of(app, ""); !rows.empty()) text += "\n| flag | meaning |\n|---|---|\n" + rows;
  }
  for (const CLI::App* command : below) append_command(text, *command, words + " " + command->get_name());
}

}  // namespace

std::string reference_markdown(const CLI::App& app) {
  std::string text;
  for (const char* name : {"get", "describe", "allocate", "release", "cluster", "top", "version", "completion"})
    append_command(text, *app.get_subcommand(name), "reeve " + std::string(name));
  text += "\n### Flags of every client command\n\n| flag | meaning |\n|---|---|\n" + options_of(*app.get_subcommand("top"), common_options);
  return text.substr(1);
}

}  // namespace reeve::cli
