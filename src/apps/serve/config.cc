#include "apps/serve/config.h"

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "apps/serve/config_reader.h"
#include "base/parse.h"
#include "net/http/client.h"

namespace reeve {
namespace {

using namespace std::chrono_literals;

constexpr int http_threads_max = 64;         // handlers never wait: more loops than cores gain nothing
constexpr Milliseconds retention_min = 24h;  // the day's trends are shown everywhere

Target target_of(const YAML::Node& node) {
  Target target;
  if (node.IsScalar()) {
    target.url = node.Scalar();
  } else {
    read_map(node,
             {{"url", [&](const YAML::Node& value) { target.url = text_of(value); }},
              {"node", [&](const YAML::Node& value) { target.node.text = text_of(value); }},
              {"cluster", [&](const YAML::Node& value) { target.cluster = text_of(value); }},
              {"kind", [&](const YAML::Node& value) {
                 const auto kind = from_text<ObservationSource>(text_of(value));
                 if (!kind || *kind == ObservationSource::registered)
                   throw BadConfig{value.Mark(), "'kind' is reeve-agent, dcgm-exporter, amd-exporter, intel-exporter or gaudi-exporter"};
                 target.kind = *kind;
               }}});
  }
  if (target.url.empty()) throw BadConfig{node.Mark(), "a target needs a 'url'"};
  if (target.url.find("://") == std::string::npos) target.url = "http://" + target.url;
  const auto url = http::parse_url(target.url);
  if (!url || !target.url.starts_with("http://"))
    throw BadConfig{node.Mark(), fmt::format("'{}' is not ADDR:PORT nor an http:// address", target.url)};
  return target;
}

void read_prices(const YAML::Node& node, std::map<ModelId, MicroUsd>& prices) {
  if (!node.IsMap()) throw BadConfig{node.Mark(), "a mapping of model ids to US dollars per hour is expected"};
  for (const auto& entry : node) {
    const auto dollars = number_of<double>(entry.second);
    if (!(dollars >= 0 && dollars < 1e6)) throw BadConfig{entry.second.Mark(), "a price is 0 to 1,000,000 US dollars per hour"};
    prices[ModelId{text_of(entry.first)}] = MicroUsd(std::llround(dollars * 1e6));
  }
}

// `prefix`: "vllm." for the rules of one engine.
void read_serving_rules(const YAML::Node& node, const std::string& prefix, serving::RecognitionRules& rules) {
  if (!node.IsMap()) throw BadConfig{node.Mark(), "a mapping of rules is expected"};
  for (const auto& entry : node) {
    const std::string key = prefix + text_of(entry.first);
    if (entry.second.IsMap() && prefix.empty()) {
      read_serving_rules(entry.second, key + ".", rules);
      continue;
    }
    const auto values = entry.second.IsSequence() ? texts_of(entry.second) : std::vector<std::string>{text_of(entry.second)};
    if (const Status set = serving::set_rule(rules, key, values); !set) throw BadConfig{entry.first.Mark(), set.error().message};
  }
}

std::vector<holding::OwnerRule> owner_rules_of(const YAML::Node& node) {
  std::vector<holding::OwnerRule> rules;
  for (const std::string& text : texts_of(node)) {
    const auto rule = holding::parse_owner_rule(text);
    if (!rule) throw BadConfig{node.Mark(), rule.error().message};
    rules.push_back(*rule);
  }
  return rules;
}

void read_owners(const YAML::Node& node, holding::OwnerRules& owners) {
  read_map(node, {{"user", [&](const YAML::Node& value) { owners.user = owner_rules_of(value); }},
                  {"team", [&](const YAML::Node& value) { owners.team = owner_rules_of(value); }},
                  {"project", [&](const YAML::Node& value) { owners.project = owner_rules_of(value); }}});
}

void read_kubernetes(const YAML::Node& node, KubernetesConfig& config) {
  config.access = KubernetesConfig::Access::kubeconfig;
  read_map(node, {{"kubeconfig", [&](const YAML::Node& value) { config.kubeconfig = text_of(value); }},
                  {"context", [&](const YAML::Node& value) { config.context = text_of(value); }},
                  {"in_cluster",
                   [&](const YAML::Node& value) {
                     if (truth_of(value)) config.access = KubernetesConfig::Access::in_cluster;
                   }},
                  {"namespace", [&](const YAML::Node& value) { config.namespace_name = text_of(value); }},
                  {"discover_targets", [&](const YAML::Node& value) { config.discover_targets = truth_of(value); }},
                  {"serving", [&](const YAML::Node& value) { read_serving_rules(value, "", config.serving); }},
                  {"owners", [&](const YAML::Node& value) { read_owners(value, config.owners); }},
                  {"metrics_interval", [&](const YAML::Node& value) { config.metrics_interval = duration_of(value); }}});
  if (config.access == KubernetesConfig::Access::in_cluster && !(config.kubeconfig.empty() && config.context.empty()))
    throw BadConfig{node.Mark(), "'kubernetes.in_cluster' goes without 'kubeconfig' and 'context'"};
  if (config.metrics_interval < 5s) throw BadConfig{node.Mark(), "'kubernetes.metrics_interval' is at least 5s"};
}

KeyReaders readers_of(ServeConfig& config) {
  const auto read_listen = [&](const YAML::Node& node) {
    const auto listen = parse_listen(text_of(node));
    if (!listen) throw BadConfig{node.Mark(), listen.error().message};
    config.listen = *listen;
  };
  const auto read_targets = [&](const YAML::Node& node) {
    if (!node.IsSequence()) throw BadConfig{node.Mark(), "a list of targets is expected"};
    for (const YAML::Node& item : node) config.targets.push_back(target_of(item));
  };
  const auto read_collect = [&](const YAML::Node& node) {
    read_map(node, {{"interval", [&](const YAML::Node& value) { config.collect_interval = duration_of(value); }},
                    {"deadline", [&](const YAML::Node& value) { config.collect_deadline = duration_of(value); }}});
    if (config.collect_interval < 1s) throw BadConfig{node.Mark(), "'collect.interval' is at least 1s"};
    if (config.collect_deadline >= config.collect_interval) config.collect_deadline = config.collect_interval * 3 / 4;
  };
  const auto read_mig_discount = [&](const YAML::Node& node) {
    config.mig_discount = number_of<double>(node);
    if (!(config.mig_discount > 0 && config.mig_discount <= 1)) throw BadConfig{node.Mark(), "'mig_discount' is above 0 and at most 1"};
  };
  return {{"listen", read_listen},
          {"http_threads",
           [&](const YAML::Node& node) {
             config.http_threads = number_of<int>(node);
             if (config.http_threads < 1 || config.http_threads > http_threads_max)
               throw BadConfig{node.Mark(), fmt::format("'http_threads' is 1 to {}", http_threads_max)};
           }},
          {"data_dir", [&](const YAML::Node& node) { config.data_dir = text_of(node); }},
          {"cluster", [&](const YAML::Node& node) { config.cluster = text_of(node); }},
          {"kubernetes", [&](const YAML::Node& node) { read_kubernetes(node, config.kubernetes); }},
          {"collect", read_collect},
          {"targets", read_targets},
          {"target_files", [&](const YAML::Node& node) { config.target_files = texts_of(node); }},
          {"catalogue_file", [&](const YAML::Node& node) { config.catalogue_file = text_of(node); }},
          {"mig_profile_file", [&](const YAML::Node& node) { config.mig_profile_file = text_of(node); }},
          {"mig_compute_profile_file", [&](const YAML::Node& node) { config.mig_compute_profile_file = text_of(node); }},
          {"prices", [&](const YAML::Node& node) { read_prices(node, config.prices); }},
          {"mig_discount", read_mig_discount},
          {"time_zone", [&](const YAML::Node& node) { config.time_zone = text_of(node); }},
          {"retention", [&](const YAML::Node& node) {
             config.retention = duration_of(node);
             if (config.retention < retention_min) throw BadConfig{node.Mark(), "'retention' is at least 1d"};
           }}};
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto refuse = [&] {
    return Error{Errc::invalid_argument, fmt::format("cannot listen on '{}': ADDR:PORT is expected, such as 127.0.0.1:8080", text)};
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse();
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return refuse();
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return ListenAddress{host.empty() ? "0.0.0.0" : std::string(host), *port};
}

Result<Milliseconds> parse_duration(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = parse_number<std::int64_t>(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  const std::int64_t ms = unit == "ms"  ? 1
                          : unit == "s" ? 1'000
                          : unit == "m" ? 60'000
                          : unit == "h" ? 3'600'000
                          : unit == "d" ? 86'400'000
                                        : 0;
  if (!count || ms == 0 || *count > 36'500LL * 86'400'000 / ms)
    return Error{Errc::invalid_argument, fmt::format("'{}' is not a duration: a whole number and one of ms, s, m, h, d is expected", text)};
  return Milliseconds(*count * ms);
}

Result<ServeConfig> parse_config(std::string_view yaml, const std::string& file) {
  ServeConfig config;
  try {
    read_map(YAML::Load(std::string(yaml)), readers_of(config));
  } catch (const BadConfig& bad) {
    return Error{Errc::invalid_argument, fmt::format("cannot read the configuration: {}:{}: {}", file, bad.at.line + 1, bad.why)};
  } catch (const YAML::Exception& bad) {
    return Error{Errc::invalid_argument, fmt::format("cannot read the configuration: {}:{}: {}", file, bad.mark.line + 1, bad.msg)};
  }
  return config;
}

Result<ServeConfig> read_config(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Error{Errc::not_found, fmt::format("cannot read the configuration: '{}' cannot be opened", path)};
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  return parse_config(text, path);
}

}  // namespace reeve
