#include "delivery/cli/commands.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>

#include "delivery/cli/allocate.h"
#include "delivery/cli/cluster_status.h"
#include "delivery/cli/completion.h"
#include "delivery/cli/describe.h"
#include "delivery/cli/get.h"
#include "delivery/cli/json_access.h"
#include "delivery/cli/reference.h"
#include "delivery/cli/top.h"

namespace reeve::cli {
namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 done, 1 the server failed, 2 wrong usage or request, 3 not found, 4 refused or in conflict, "
    "5 no server answers.";

const std::vector<std::string>& outputs() {
  static const std::vector<std::string> names{"table", "wide", "json", "yaml", "name"};
  return names;
}

// Flags and what they fill live as long as the commands do: the callbacks own them.
struct Shared {
  const Console& console;
  int& exit_code;
  Globals globals{};

  Session session() const { return {console, globals}; }
};
using SharedPtr = std::shared_ptr<Shared>;

void add_globals(CLI::App& command, const SharedPtr& shared) {
  Globals& globals = shared->globals;
  command.add_option("--server", globals.server, "URL of the server [REEVE_SERVER, else http://127.0.0.1:8080]")
      ->type_name("URL")
      ->group(common_options);
  command
      .add_option("--ca-file", globals.ca_file, "PEM certificates that an https server is trusted by [REEVE_CA_FILE, else the system's]")
      ->type_name("FILE")
      ->group(common_options);
  command.add_option("-o,--output", globals.output, "form of the output")->check(CLI::IsMember(outputs()))->group(common_options);
  command.add_option("--timeout", globals.timeout_seconds, "longest wait for an answer, in seconds")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 86'400.0))
      ->group(common_options);
  command.add_flag("--no-headers", globals.no_headers, "tables without their first line")->group(common_options);
  command.add_flag("--no-color", globals.no_color, "no colours, as with NO_COLOR set")->group(common_options);
  command.footer(exit_codes);
}

// One command: its flags are added by the caller; `run` is called when it was given.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& help, const SharedPtr& shared,
                      std::function<Status(const Session&)> run) {
  CLI::App* command = app.add_subcommand(name, help);
  add_globals(*command, shared);
  command->callback([shared, run = std::move(run)] { shared->exit_code = finish(shared->console, run(shared->session())); });
  return command;
}

void add_filter(CLI::App& command, const Filter& filter, Parameters& parameters) {
  if (filter.is_switch) {
    command.add_flag_callback(
        filter.flags, [&parameters, name = filter.parameter] { parameters.emplace_back(name, "true"); }, filter.help);
    return;
  }
  CLI::Option* option = command.add_option_function<std::string>(
      filter.flags, [&parameters, name = filter.parameter](const std::string& text) { parameters.emplace_back(name, text); }, filter.help);
  if (!filter.of.empty()) option->check(CLI::IsMember(filter.of, CLI::ignore_case));
}

void add_get_kind(CLI::App& get_command, const Kind& kind, const SharedPtr& shared) {
  auto request = std::make_shared<GetRequest>();
  CLI::App* command = add_command(get_command, kind.name, kind.help, shared,
                                  [request, &kind](const Session& session) { return get(session, kind, *request); });
  for (const std::string& alias : kind.aliases) command->alias(alias);
  if (!kind.id_field.empty())
    command->add_option("NAME", request->names,
                        kind.namespaced ? "only these, by NAMESPACE/NAME, or by name with -n" : "only these, by name");
  for (const Filter& filter : kind.filters) add_filter(*command, filter, request->parameters);
  const bool of_namespaces = std::ranges::find(kind.filters, "namespace", &Filter::parameter) != kind.filters.end();
  // It is so without the flag; hands that know kubectl type it.
  if (of_namespaces)
    command
        ->add_flag_callback(
            "-A,--all-namespaces", [] {}, "of all namespaces, as without -n")
        ->excludes(command->get_option("--namespace"));
  if (kind.name == "allocations") {
    command->add_option("-l,--selector", request->selector, "only with these labels: KEY=VALUE, KEY!=VALUE or KEY, comma separated");
  }
  if (kind.paged || kind.name == "events" || kind.name == "audit")
    command->add_option("--limit", request->limit, "at most so many")->type_name("N")->check(CLI::Range(1, 1'000'000));
  if (kind.paged) command->add_option("--sort", request->sort, "by this field of the JSON form; -FIELD: descending")->type_name("FIELD");
  command->add_flag("-w,--watch", request->watch, "go on and print what changes, until interrupted");
  command->add_option("--interval", request->interval_seconds, "seconds between two looks of --watch")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 86'400.0));
}

void add_get(CLI::App& app, const SharedPtr& shared) {
  CLI::App* command = app.add_subcommand("get", "List GPUs, who holds them, and what runs in the Kubernetes cluster");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  reeve get nodes\n  reeve get devices --free --model H100_80GB -o wide\n"
      "  reeve get allocations -n model-serving --watch\n  reeve get pods -A --gpu -o wide\n  reeve get device gpu-node-01-GPU-03 -o yaml");
  for (const Kind& kind : kinds()) add_get_kind(*command, kind, shared);
}

void add_describe(CLI::App& app, const SharedPtr& shared) {
  CLI::App* command = app.add_subcommand("describe", "Show everything that is known of one thing");
  command->require_subcommand(1);
  for (const Kind& kind : kinds()) {
    if (!can_describe(kind)) continue;
    auto name = std::make_shared<std::string>();
    CLI::App* of_kind = add_command(*command, kind.singular, "One of: " + kind.help, shared,
                                    [name, &kind](const Session& session) { return describe(session, kind, *name); });
    of_kind->alias(kind.name);
    for (const std::string& alias : kind.aliases)
      if (alias != kind.singular) of_kind->alias(alias);
    of_kind->add_option("NAME", *name, kind.namespaced ? "NAMESPACE/NAME" : "its name, as `get` shows it")->required();
  }
}

void add_allocate_flags(CLI::App& command, AllocateRequest& request) {
  command.add_option("POD,--pod", request.pod, "pod that will hold it");
  command.add_option("-n,--namespace", request.namespace_name, "Kubernetes namespace of the pod");
  command.add_option("-f,--file", request.file, "YAML or JSON with the fields of the request; flags win; -: standard input")
      ->type_name("FILE");
  command.add_option("--container", request.container, "container of the pod");
  command.add_option("--workload-type", request.workload_type, "Training, Inference, Development or your own word");
  command.add_option("--priority", request.priority, "priority class");
  command.add_option("--memory-gb", request.memory_gb, "at least so much GPU memory, in GB")->type_name("GB");
  command.add_option("--model", request.model, "only this model, by its catalogue id");
  command.add_option("--architecture", request.architecture, "only this architecture, as in Hopper");
  command.add_flag("--mig", request.use_mig, "a MIG slice, not a whole GPU");
  command.add_option("--mig-profile", request.mig_profile, "a slice of this profile, as in 1g.10gb");
  command.add_option("--node", request.node, "only on this node");
  command.add_option("--device", request.device, "this very GPU, or a slice of it");
  command.add_option("--max-cost-per-hour", request.max_cost_per_hour_usd, "at most this price, in US dollars")->type_name("USD");
  CLI::Option* until = command.add_option("--until", request.until, "planned end, as in 2026-11-24T18:00:00Z")->type_name("TIME");
  command.add_option("--for", request.duration, "planned end from now: 90m, 8h, 2d")->type_name("TIME")->excludes(until);
  command.add_option("--user", request.user, "who asks");
  command.add_option("--team", request.team, "team that pays");
  command.add_option("--project", request.project, "project that it is for");
  command.add_option("-l,--label", request.labels, "a label for it; may be repeated")->type_name("KEY=VALUE")->expected(1)->take_all();
  command.add_option("--idempotency-key", request.idempotency_key, "asked twice with one key, it is given once [a new key]")
      ->type_name("KEY");
  command.add_flag("--dry-run", request.dry_run, "print the request and send nothing");
}

void add_allocations(CLI::App& app, const SharedPtr& shared) {
  auto request = std::make_shared<AllocateRequest>();
  CLI::App* command = add_command(app, "allocate", "Give a GPU or a slice of one to a pod", shared,
                                  [request](const Session& session) { return allocate(session, *request); });
  add_allocate_flags(*command, *request);
  command->footer(
      std::string("Examples:\n  reeve allocate vllm-0 -n model-serving --model H100_80GB --team search --for 8h\n"
                  "  reeve allocate notebook-7 -n research --mig-profile 1g.10gb\n  reeve allocate -f request.yaml -o json\n\n") +
      exit_codes);

  auto ids = std::make_shared<std::vector<std::string>>();
  add_command(app, "release", "Take allocations back", shared, [ids](const Session& session) { return release(session, *ids); })
      ->add_option("ID", *ids, "as in ALLOC-1A2B3C4D")
      ->required();
}

void add_top(CLI::App& app, const SharedPtr& shared) {
  auto request = std::make_shared<TopRequest>();
  CLI::App* command =
      add_command(app, "top", "Watch the GPUs live", shared, [request](const Session& session) { return top(session, *request); });
  for (const Filter& filter : find_kind("devices")->filters)
    if (filter.parameter != "q") add_filter(*command, filter, request->parameters);
  command->add_option("--sort", request->sort, "first the highest: util, memory, temp or power; or by name")
      ->check(CLI::IsMember({"name", "util", "memory", "temp", "power"}));
  command->add_option("--filter", request->filter, "only where a name, model, state or holder contains this text");
  command->add_flag("--slices", request->slices, "a line for each MIG slice, too");
  command->add_flag("--once", request->once, "print once and end, as when the output is no terminal");
  command->add_option("--interval", request->interval_seconds, "seconds between two looks")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 3'600.0));
  command->footer(std::string("Keys: q quit, s sort, f filter, m slices, arrows, page up and down, home, end.\n\n") + exit_codes);
}

Status version(const Session& session, bool client_only) {
  boost::json::object versions{{"client", session.console.version}};
  Status status = Done{};
  const Api api = session.api();
  if (!client_only) {
    const auto server = api.get("/version");
    if (server)
      versions["server"] = *server;
    else
      status = server.error();
  }
  if (session.output() == Output::json || session.output() == Output::yaml) {
    print_document(session, versions);
    return status;
  }
  session.console.out << "client " << session.console.version << '\n';
  if (const auto* server = versions.if_contains("server"))
    session.console.out << "server " << text_at(*server, "version") << " at " << api.server() << '\n';
  return status;
}

void add_cluster(CLI::App& app, const SharedPtr& shared) {
  add_command(app, "cluster", "How well the Kubernetes cluster is known: what is watched, and what is in the way", shared, cluster_status)
      ->footer(std::string("It ends with 1 when something is forbidden or cut off.\n\n") + exit_codes);
}

void add_version(CLI::App& app, const SharedPtr& shared) {
  auto client_only = std::make_shared<bool>(false);
  add_command(app, "version", "Versions of this program and of the server", shared, [client_only](const Session& session) {
    return version(session, *client_only);
  })->add_flag("--client", *client_only, "only of this program: asks no server");
}

void add_completion(CLI::App& app, const SharedPtr& shared) {
  CLI::App* command = app.add_subcommand("completion", "Print the completion script of a shell");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Now and for every new shell:\n  bash: reeve completion bash > ~/.local/share/bash-completion/completions/reeve\n"
      "  zsh:  reeve completion zsh > a folder of $fpath, named _reeve\n"
      "  fish: reeve completion fish > ~/.config/fish/completions/reeve.fish");
  command->callback([shared, shell] {
    shared->console.out << completion_script(*shell, shared->console.program);
    shared->exit_code = exit_ok;
  });
}

}  // namespace

void add_client_commands(CLI::App& app, const Console& console, int& exit_code) {
  const auto shared = std::make_shared<Shared>(Shared{console, exit_code});
  add_get(app, shared);
  add_describe(app, shared);
  add_allocations(app, shared);
  add_cluster(app, shared);
  add_top(app, shared);
  add_version(app, shared);
  app.set_version_flag("--version", console.version, "Print the version of this program and exit");
  add_completion(app, shared);
}

namespace {

// "get hodlings": which word is wrong, and the right ones. Empty when the command line lacks something else.
std::string unknown_kind(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 3 || std::string_view(argv[2]).starts_with('-')) return "";
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_name() != argv[1]) continue;
    std::string known;
    for (const CLI::App* kind : command->get_subcommands(nullptr)) {
      if (kind->check_name(argv[2])) return "";
      known += (known.empty() ? "" : ", ") + kind->get_name();
    }
    return known.empty() ? "" : fmt::format("reeve: cannot {} '{}': it is none of {}\n", argv[1], argv[2], known);
  }
  return "";
}

}  // namespace

int run(CLI::App& app, int argc, const char* const* argv, const Console& console, const int& exit_code) {
  if (argc > 1 && std::string_view(argv[1]) == "__complete") {
    for (const std::string& candidate : completions(app, console, std::vector<std::string>(argv + 2, argv + argc)))
      console.out << candidate << '\n';
    return exit_ok;
  }
  if (argc > 1 && std::string_view(argv[1]) == "__reference") {
    console.out << reference_markdown(app);
    return exit_ok;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const std::string told = unknown_kind(app, argc, argv); !told.empty()) {
      console.err << told;
      return exit_usage;
    }
    const int code = app.exit(error, console.out, console.err);
    return code == 0 ? exit_ok : exit_usage;
  }
  return exit_code;
}

}  // namespace reeve::cli
