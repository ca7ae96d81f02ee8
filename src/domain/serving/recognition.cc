#include "domain/serving/recognition.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/parse.h"
#include "domain/cluster/gpu_resources.h"
#include "domain/cluster/pod_requests.h"
#include "domain/serving/command_line.h"

namespace reeve::serving {
namespace {

constexpr int port_max = 65535;
constexpr int kserve_port = 8080;  // of its huggingfaceserver
constexpr std::string_view kserve_image = "huggingfaceserver";
constexpr std::string_view istio_merged_port = "15020";  // istio answers there for the whole pod

const std::string& label(const cluster::Pod& pod, std::string_view key) {
  static const std::string none;
  const std::string* value = cluster::find(pod.meta.labels, key);
  return value == nullptr ? none : *value;
}

const std::string& first_label(const cluster::Pod& pod, const std::vector<std::string>& keys) {
  static const std::string none;
  for (const std::string& key : keys)
    if (const std::string& value = label(pod, key); !value.empty()) return value;
  return none;
}

// '*' is any run of characters other than '/'.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos && text[retry] != '/') {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

// "ghcr.io:443/vllm/vllm-openai:v0.9@sha256:..." -> "ghcr.io:443/vllm/vllm-openai".
std::string_view repository(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t colon = image.rfind(':');
  const bool is_tag = colon != std::string_view::npos && image.find('/', colon) == std::string_view::npos;
  return is_tag ? image.substr(0, colon) : image;
}

// Whether a pattern fits the last parts of the image's name.
bool image_is_of(std::string_view image, const std::vector<std::string>& patterns) {
  std::string_view name = repository(image);
  for (;;) {
    if (std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches(pattern, name); })) return true;
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) return false;
    name.remove_prefix(slash + 1);
  }
}

const EngineRules& rules_of(const RecognitionRules& rules, Engine engine) { return engine == Engine::vllm ? rules.vllm : rules.sglang; }
constexpr std::array engines{Engine::vllm, Engine::sglang};

std::vector<std::string_view> words_in(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

// Where the words that follow `start` begin; absent: the command does not start it.
std::optional<std::size_t> after_start(const Words& command, std::string_view start) {
  constexpr std::array<std::string_view, 6> only_name_it{"echo", "printf", "pip", "pip3", "grep", "pkill"};
  const std::vector<std::string_view> wanted = words_in(start);
  if (wanted.empty() || std::ranges::find(only_name_it, base_name(command.front())) != only_name_it.end()) return std::nullopt;
  for (std::size_t i = 0; i + wanted.size() <= command.size(); ++i) {
    const bool begins = command[i] == wanted[0] || base_name(command[i]) == wanted[0];
    if (begins && std::equal(wanted.begin() + 1, wanted.end(), command.begin() + static_cast<std::ptrdiff_t>(i) + 1))
      return i + wanted.size();
  }
  return std::nullopt;
}

bool runs_script(const Words& command) {
  constexpr std::array<std::string_view, 5> readers{"sh", "bash", "dash", "source", "."};
  return std::ranges::any_of(command, [](const std::string& word) { return word.ends_with(".sh"); }) ||
         std::ranges::find(readers, base_name(command.front())) != readers.end();
}

// Some pods of a group only work for the one that answers.
bool is_group_worker(const cluster::Pod& pod) {
  const std::string& index = label(pod, "leaderworkerset.sigs.k8s.io/worker-index");
  return (!index.empty() && index != "0") || label(pod, "ray.io/node-type") == "worker";
}

bool answers_requests(const Options& options, const cluster::Pod& pod) {
  if (options.has("headless")) return false;
  if (!options.has("node-rank")) return true;
  const std::string_view rank = options.value("node-rank");
  return rank.empty() ? !is_group_worker(pod) : rank == "0";
}

enum class Evidence { none, image, command };

// A container that may be the server.
struct Candidate {
  Evidence evidence = Evidence::none;
  Engine engine = Engine::vllm;
  const cluster::Container* container = nullptr;
  Words words{};  // its command
  std::size_t options_begin = 0;
  bool takes_positional = false;
  bool has_gpus = false;

  Options options() const { return {words, options_begin}; }
};

// What the container starts, when its words tell. False: it is a part of a server that answers nobody.
bool judge_command(const cluster::Pod& pod, const std::vector<Words>& commands, const RecognitionRules& rules, Candidate& candidate) {
  for (const Words& command : commands)
    for (const Engine engine : engines)
      for (const std::string& start : rules_of(rules, engine).commands) {
        const auto begin = after_start(command, start);
        if (!begin) continue;
        candidate.evidence = Evidence::command;
        candidate.engine = engine;
        candidate.words = command;
        candidate.options_begin = *begin;
        candidate.takes_positional = start.ends_with(" serve");
        return answers_requests(candidate.options(), pod);
      }
  return true;
}

std::optional<Engine> engine_of_image(std::string_view image, const RecognitionRules& rules) {
  for (const Engine engine : engines)
    if (image_is_of(image, rules_of(rules, engine).images))
      return image_is_of(image, rules.other_images) ? std::nullopt : std::optional(engine);
  return std::nullopt;
}

bool is_kserve(const cluster::Container& container) { return base_name(repository(container.image)).starts_with(kserve_image); }

Candidate judge(const cluster::Pod& pod, const cluster::Container& container, const RecognitionRules& rules) {
  const std::vector<Words> commands = simple_commands(container.command, container.args);
  Candidate candidate{
      .container = &container,
      .has_gpus = cluster::gpu_count(container.requests) > 0 || cluster::gpu_count(container.limits) > 0 || !container.claims.empty()};
  if (!judge_command(pod, commands, rules, candidate)) return {};
  if (candidate.evidence == Evidence::command) return candidate;
  if (!commands.empty()) candidate.words = commands.back();
  candidate.options_begin = container.command.empty() ? 0 : 1;
  candidate.takes_positional = container.command.empty() && !is_kserve(container);
  const auto engine = engine_of_image(container.image, rules);
  const bool may_start_it = container.command.empty() || std::ranges::any_of(commands, runs_script);
  const bool runs_it = engine && may_start_it && !is_group_worker(pod) && answers_requests(candidate.options(), pod) &&
                       !(is_kserve(container) && candidate.options().value("backend") == "huggingface");
  if (!runs_it) return candidate;
  candidate.evidence = Evidence::image;
  candidate.engine = *engine;
  return candidate;
}

std::optional<Engine> engine_of_labels(const cluster::Pod& pod, const std::vector<std::string>& keys) {
  for (const std::string& key : keys)
    if (const auto engine = from_text<Engine>(label(pod, key))) return engine;
  return std::nullopt;
}

// The container that says the most for itself; of equals the first with GPUs, else the first.
const Candidate* best_of(const std::vector<Candidate>& candidates) {
  const auto rank = [](const Candidate& one) { return std::pair(one.evidence, one.has_gpus); };
  const auto best = std::ranges::max_element(candidates, {}, rank);
  return best == candidates.end() || best->evidence == Evidence::none ? nullptr : &*best;
}

// The container of a pod that a label declares to serve. `must_look_like_it`: nullptr when none asks for GPUs or is called so.
const Candidate* declared_server(const std::vector<Candidate>& candidates, Engine engine, bool must_look_like_it) {
  const auto usable = [](const Candidate& one) { return one.container != nullptr; };
  const auto named = [&](const Candidate& one) { return usable(one) && one.container->name.starts_with(to_text(engine)); };
  const auto with_gpus = [&](const Candidate& one) { return usable(one) && one.has_gpus; };
  for (const auto& found : {std::ranges::find_if(candidates, with_gpus), std::ranges::find_if(candidates, named)})
    if (found != candidates.end()) return &*found;
  const auto first = std::ranges::find_if(candidates, usable);
  return must_look_like_it || first == candidates.end() ? nullptr : &*first;
}

int port_number(std::string_view text) {
  const auto port = parse_number<int>(text);
  return port && *port > 0 && *port <= port_max ? *port : 0;
}

bool declares(const cluster::Container& container, int port) {
  return std::ranges::find(container.ports, port, &cluster::ContainerPort::port) != container.ports.end();
}

// What an annotation for Prometheus says, unless it speaks of a sidecar; 0: nothing usable.
int annotated_port(const cluster::Pod& pod, const cluster::Container& server) {
  const std::string* text = cluster::find(pod.meta.annotations, "prometheus.io/port");
  if (text == nullptr || *text == istio_merged_port) return 0;
  const int port = port_number(*text);
  const bool is_of_another = std::ranges::any_of(pod.containers, [&](const cluster::Container& other) {
    return &other != &server && declares(other, port) && !declares(server, port);
  });
  return is_of_another ? 0 : port;
}

int declared_port(const cluster::Container& server, int usual) {
  constexpr std::array<std::string_view, 12> names{"metrics", "http-metrics", "http", "http1",          "api",   "openai", "serve",
                                                   "serving", "server",       "vllm", "container-port", "sglang"};
  if (declares(server, usual)) return usual;
  for (const std::string_view name : names)
    for (const cluster::ContainerPort& port : server.ports)
      if (port.name == name && port.port > 0 && port.port <= port_max) return port.port;
  if (server.ports.size() == 1 && server.ports[0].port > 0 && server.ports[0].port <= port_max) return server.ports[0].port;
  return usual;
}

bool is_usable_path(std::string_view path) {
  return path.starts_with('/') && path.size() <= 256 && std::ranges::all_of(path, [](char c) { return c > ' ' && c < '\x7f'; });
}

void find_metrics(const cluster::Pod& pod, const Candidate& server, const Options& options, int usual, Identity& identity) {
  const cluster::Container& container = *server.container;
  const int annotated = annotated_port(pod, container);
  const std::string_view asked = is_kserve(container) ? options.value("http-port") : options.value("port");
  identity.metrics_port = port_number(asked);
  if (identity.metrics_port == 0) identity.metrics_port = annotated;
  if (identity.metrics_port == 0) identity.metrics_port = declared_port(container, is_kserve(container) ? kserve_port : usual);
  identity.metrics_tls = options.has("ssl-certfile") || options.has("ssl-keyfile");
  if (annotated != identity.metrics_port) return;
  if (const std::string* path = cluster::find(pod.meta.annotations, "prometheus.io/path"); path != nullptr && is_usable_path(*path))
    identity.metrics_path = *path;
  if (const std::string* scheme = cluster::find(pod.meta.annotations, "prometheus.io/scheme"); scheme != nullptr && *scheme == "https")
    identity.metrics_tls = true;
}

void find_model(const cluster::Pod& pod, const RecognitionRules& rules, const Candidate& server, const Options& options,
                Identity& identity) {
  std::string_view model;
  for (const std::string_view name : {"model", "model-path", "model-id", "model-tag", "model-name"})
    if (model.empty()) model = options.value(name);
  if (model.empty() && server.takes_positional && options.positional().find('$') == std::string_view::npos) model = options.positional();
  std::string_view served = options.value("served-model-name");
  if (served.empty() && is_kserve(*server.container)) served = options.value("model-name");
  if (served.empty()) served = model;
  const bool is_folder = model.starts_with('/') || model.starts_with('.');
  identity.served_name = served;
  identity.model_name = first_label(pod, rules.model_labels);
  if (identity.model_name.empty()) identity.model_name = is_folder ? served : model;
  identity.model_version = first_label(pod, rules.version_labels);
}

Identity identify(const cluster::Pod& pod, const RecognitionRules& rules, const Candidate& server, Engine engine) {
  Identity identity{.engine = engine, .container = server.container->name};
  const Options options = server.options();
  find_model(pod, rules, server, options, identity);
  find_metrics(pod, server, options, rules_of(rules, engine).port, identity);
  return identity;
}

}  // namespace

std::optional<Identity> recognise(const cluster::Pod& pod, const RecognitionRules& rules) {
  std::vector<Candidate> candidates;
  for (const cluster::Container& container : pod.containers) candidates.push_back(judge(pod, container, rules));
  const Candidate* server = best_of(candidates);
  if (const auto declared = engine_of_labels(pod, rules.labels)) {
    if (server == nullptr) server = declared_server(candidates, *declared, false);
    return server == nullptr ? std::nullopt : std::optional(identify(pod, rules, *server, *declared));
  }
  if (server != nullptr) return identify(pod, rules, *server, server->engine);
  const auto hinted = engine_of_labels(pod, rules.hint_labels);
  if (!hinted || is_group_worker(pod)) return std::nullopt;
  server = declared_server(candidates, *hinted, true);
  return server == nullptr ? std::nullopt : std::optional(identify(pod, rules, *server, *hinted));
}

Status set_rule(RecognitionRules& rules, std::string_view key, std::vector<std::string> values) {
  const auto refuse = [&](std::string_view why) {
    return Error{Errc::invalid_argument, fmt::format("cannot set '{}' of the recognition of servers: {}", key, why), std::string(key)};
  };
  if (std::ranges::any_of(values, &std::string::empty)) return refuse("a text is empty");
  for (const Engine engine : engines) {
    EngineRules& of = engine == Engine::vllm ? rules.vllm : rules.sglang;
    const std::string prefix = fmt::format("{}.", to_text(engine));
    if (!key.starts_with(prefix)) continue;
    const std::string_view what = key.substr(prefix.size());
    if (what == "commands") return of.commands = std::move(values), Done{};
    if (what == "images") return of.images = std::move(values), Done{};
    if (what != "port") break;
    const int port = values.size() == 1 ? port_number(values[0]) : 0;
    if (port == 0) return refuse("a port is 1 to 65535");
    return of.port = port, Done{};
  }
  const std::array<std::pair<std::string_view, std::vector<std::string>*>, 5> lists{{{"labels", &rules.labels},
                                                                                     {"hint_labels", &rules.hint_labels},
                                                                                     {"model_labels", &rules.model_labels},
                                                                                     {"version_labels", &rules.version_labels},
                                                                                     {"other_images", &rules.other_images}}};
  for (const auto& [name, list] : lists)
    if (name == key) return *list = std::move(values), Done{};
  return refuse(
      "the keys are labels, hint_labels, model_labels, version_labels, other_images, and commands, images and port of vllm and sglang");
}

}  // namespace reeve::serving
