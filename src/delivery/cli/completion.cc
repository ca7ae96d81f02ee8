#include "delivery/cli/completion.h"

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "delivery/cli/json_access.h"
#include "delivery/cli/kinds.h"

namespace reeve::cli {
namespace {

constexpr Milliseconds patience{800};     // a shell that hangs is worse than one that knows no names
constexpr std::size_t names_max = 1'000;  // nobody reads more

constexpr std::string_view bash_script = R"(# bash completion of @
_@F_complete() {
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -o nosort -F _@F_complete @
)";

constexpr std::string_view zsh_script = R"(#compdef @
# zsh completion of @
_@F_complete() {
  local -a candidates
  candidates=("${(@f)$(${words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -Q -- ${candidates:#}
}
compdef _@F_complete @
)";

constexpr std::string_view fish_script = R"(# fish completion of @
function __@F_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c @ -f -a '(__@F_complete)'
)";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

// Where in the tree of commands the words lead, and what they have given on the way.
struct Place {
  const CLI::App* app = nullptr;
  const CLI::Option* waiting = nullptr;  // the option whose value comes now
  std::string server{};
  std::string kind{};  // last of get, describe
};

const CLI::Option* option_named(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  for (const CLI::Option* option : app.get_options())
    if (option->check_name(name)) return option;
  return nullptr;
}

const CLI::App* subcommand_named(const CLI::App& app, const std::string& word) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (command->check_name(word)) return command;
  return nullptr;
}

Place walk(const CLI::App& app, const std::vector<std::string>& words) {
  Place place{&app};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (place.waiting != nullptr) {
      if (place.waiting->check_name("--server")) place.server = word;
      place.waiting = nullptr;
    } else if (word.starts_with('-')) {
      const CLI::Option* option = option_named(*place.app, word);
      const bool takes_value = option != nullptr && option->get_items_expected_max() > 0;
      if (takes_value && word.find('=') == std::string::npos)
        place.waiting = option;
      else if (takes_value && option->check_name("--server"))
        place.server = word.substr(word.find('=') + 1);
    } else if (const CLI::App* command = subcommand_named(*place.app, word)) {
      place.app = command;
      if (find_kind(command->get_name()) != nullptr) place.kind = command->get_name();
    }
  }
  return place;
}

// Of the server, by the API's own prefix-blind search: filtered here.
std::vector<std::string> names_of(const Console& console, const std::string& server, const Kind& kind) {
  const Session session{console, Globals{.server = server, .timeout_seconds = static_cast<double>(patience.count()) / 1000}};
  Parameters parameters{{"fields", kind.namespaced ? "namespace," + kind.id_field : kind.id_field}};
  if (kind.name == "allocations") parameters.emplace_back("status", "ALLOCATED");
  std::vector<std::string> names;
  if (const auto list = session.api().list(kind.path, parameters, names_max))
    for (const Json& item : items_of(*list)) names.push_back(name_of(kind, item));
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    if (!option->get_group().empty())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) names.push_back(command->get_name());
  return names;
}

// Values that an option or a positional of this name can have.
std::vector<std::string> values_for(const Console& console, const Place& place, const std::string& name) {
  static const std::vector<std::pair<std::string_view, std::string_view>> named{
      {"node", "nodes"}, {"device", "devices"}, {"model", "models"}, {"resource", "devices"}, {"namespace", "namespaces"}};
  if (name == "output") return {"table", "wide", "json", "yaml", "name"};
  if (name == "sort" && place.app->check_name("top")) return {"name", "util", "memory", "temp", "power"};
  for (const Filter& filter : place.kind.empty() ? std::vector<Filter>{} : find_kind(place.kind)->filters)
    if (filter.parameter == name && !filter.of.empty()) return filter.of;
  for (const auto& [option, kind] : named)
    if (option == name) return names_of(console, place.server, *find_kind(kind));
  return {};
}

std::vector<std::string> positional_values(const Console& console, const Place& place) {
  if (place.app->check_name("release")) return names_of(console, place.server, *find_kind("allocations"));
  if (place.app->check_name("completion")) return {"bash", "zsh", "fish"};
  const Kind* kind = place.kind.empty() ? nullptr : find_kind(place.kind);
  return kind == nullptr || kind->id_field.empty() ? std::vector<std::string>{} : names_of(console, place.server, *kind);
}

}  // namespace

std::string completion_script(std::string_view shell, const std::string& program) {
  std::string script(shell == "bash" ? bash_script : shell == "zsh" ? zsh_script : shell == "fish" ? fish_script : "");
  std::string function = program;
  std::ranges::replace(function, '-', '_');
  replace_all(script, "@F", function);
  // The bash and zsh array syntax has an @ of its own, always behind a bracket or a parenthesis.
  std::string out;
  for (std::size_t i = 0; i < script.size(); ++i) {
    const bool syntax = script[i] == '@' && i > 0 && (script[i - 1] == '[' || script[i - 1] == '(');
    if (script[i] == '@' && !syntax)
      out += program;
    else
      out += script[i];
  }
  return out;
}

std::vector<std::string> completions(const CLI::App& app, const Console& console, const std::vector<std::string>& words) {
  const std::string start = words.empty() ? std::string() : words.back();
  const Place place = walk(app, words);
  std::vector<std::string> candidates;
  if (place.waiting != nullptr)
    candidates = values_for(console, place, place.waiting->get_lnames().empty() ? "" : place.waiting->get_lnames().front());
  else if (start.starts_with('-'))
    candidates = option_names(*place.app);
  else if (candidates = command_names(*place.app); candidates.empty())
    candidates = positional_values(console, place);
  std::erase_if(candidates, [&start](const std::string& candidate) { return !candidate.starts_with(start); });
  return candidates;
}

}  // namespace reeve::cli
