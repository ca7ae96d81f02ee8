#include "adapters/kube/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include <fmt/format.h>

#include "adapters/kube/base64.h"
#include "adapters/kube/text_file.h"

namespace reeve::kube {
namespace {

// Raised by the readers below and caught in parse_kubeconfig(): yaml-cpp itself throws, so both come one way.
struct BadConfig {
  YAML::Mark at;
  std::string why;
};

constexpr std::string_view instead =
    "Reeve does that not: make a service account for it, put its token into a file, and name it as this user's tokenFile";

// Absent and null are empty.
std::string text_of(const YAML::Node& map, const char* key) {
  const YAML::Node node = map[key];
  if (!node || node.IsNull()) return {};
  if (!node.IsScalar()) throw BadConfig{node.Mark(), fmt::format("'{}' is a text", key)};
  return node.Scalar();
}

bool flag_of(const YAML::Node& map, const char* key) {
  const std::string text = text_of(map, key);
  if (text.empty() || text == "false") return false;
  if (text == "true") return true;
  throw BadConfig{map[key].Mark(), fmt::format("'{}' is true or false", key)};
}

bool has(const YAML::Node& map, const char* key) { return map[key] && !map[key].IsNull(); }

std::string beside(const std::string& folder, const std::string& path) {
  return path.empty() || path.starts_with('/') || folder.empty() ? path : folder + "/" + path;
}

KubeconfigText text_or_file(const YAML::Node& map, const std::string& key, const std::string& folder) {
  return {.data = text_of(map, (key + "-data").c_str()), .file = beside(folder, text_of(map, key.c_str()))};
}

KubeconfigCluster read_cluster(const YAML::Node& map, const std::string& folder) {
  return {.server = text_of(map, "server"),
          .certificate_authority = text_or_file(map, "certificate-authority", folder),
          .tls_server_name = text_of(map, "tls-server-name"),
          .insecure_skip_tls_verify = flag_of(map, "insecure-skip-tls-verify"),
          .proxied = !text_of(map, "proxy-url").empty()};
}

std::string unsupported_by(const YAML::Node& map) {
  if (has(map, "exec")) return fmt::format("it gets its credentials from a program ('exec'); {}", instead);
  if (has(map, "auth-provider")) return fmt::format("it gets its credentials from an 'auth-provider'; {}", instead);
  if (has(map, "username") || has(map, "password"))
    return fmt::format("it has a user name and a password, which Kubernetes itself no longer takes; {}", instead);
  // Acting with the account's own rights instead would be more than was asked for.
  if (has(map, "as") || has(map, "as-uid") || has(map, "as-groups") || has(map, "as-user-extra"))
    return fmt::format("it acts as somebody else ('as'); {}", instead);
  return {};
}

KubeconfigUser read_user(const YAML::Node& map, const std::string& folder) {
  return {.client_certificate = text_or_file(map, "client-certificate", folder),
          .client_key = text_or_file(map, "client-key", folder),
          .token = text_of(map, "token"),
          .token_file = beside(folder, text_of(map, "tokenFile")),
          .unsupported = unsupported_by(map)};
}

KubeconfigContext read_context(const YAML::Node& map, const std::string&) {
  return {.cluster = text_of(map, "cluster"), .user = text_of(map, "user"), .namespace_name = text_of(map, "namespace")};
}

// A list of {name: ..., <what>: {...}}.
template <class Entry>
std::vector<Entry> read_list(const YAML::Node& root, const char* list, const char* what, const std::string& folder,
                             Entry (*read)(const YAML::Node&, const std::string&)) {
  std::vector<Entry> entries;
  const YAML::Node items = root[list];
  if (!items || items.IsNull()) return entries;
  if (!items.IsSequence()) throw BadConfig{items.Mark(), fmt::format("'{}' is a list", list)};
  for (const YAML::Node& item : items) {
    if (!item.IsMap()) throw BadConfig{item.Mark(), fmt::format("an entry of '{}' has a 'name' and a '{}'", list, what)};
    const YAML::Node content = item[what];
    if (content && !content.IsNull() && !content.IsMap()) throw BadConfig{content.Mark(), fmt::format("'{}' is a mapping", what)};
    Entry entry = content && content.IsMap() ? read(content, folder) : Entry{};
    entry.name = text_of(item, "name");
    entries.push_back(std::move(entry));
  }
  return entries;
}

template <class Entry>
void add_missing(std::vector<Entry>& first, std::vector<Entry> next) {
  for (Entry& entry : next)
    if (std::ranges::find(first, entry.name, &Entry::name) == first.end()) first.push_back(std::move(entry));
}

template <class Entry>
const Entry* find_named(const std::vector<Entry>& entries, const std::string& name) {
  const auto at = std::ranges::find(entries, name, &Entry::name);
  return at == entries.end() ? nullptr : &*at;
}

std::string names_of(const std::vector<KubeconfigContext>& contexts) {
  constexpr std::size_t named_max = 10;
  std::string names;
  for (std::size_t i = 0; i < contexts.size() && i < named_max; ++i) names += (i == 0 ? "" : ", ") + contexts[i].name;
  if (contexts.size() > named_max) names += ", ...";
  return contexts.empty() ? "there is none" : "known are: " + names;
}

Result<std::string> content_of(const KubeconfigText& text, std::string_view what) {
  if (!text.data.empty()) {
    auto bytes = decode_base64(text.data);
    if (!bytes || bytes->empty()) return Error{Errc::invalid_argument, fmt::format("'{}-data' is no base64", what)};
    return std::move(*bytes);
  }
  if (text.file.empty()) return std::string();
  auto content = read_text_file(text.file);
  if (!content) return Error{Errc::invalid_argument, fmt::format("{} '{}': {}", what, text.file, content.error().message)};
  return content;
}

Status read_trust(const KubeconfigCluster& cluster, ClusterAccess& access) {
  const auto refuse = [&](Errc code, const std::string& why) { return Error{code, fmt::format("cluster '{}': {}", cluster.name, why)}; };
  if (cluster.server.empty()) return refuse(Errc::invalid_argument, "it has no 'server'");
  if (const auto set = set_server(access, cluster.server); !set) return refuse(Errc::invalid_argument, set.error().message);
  if (cluster.proxied)
    return refuse(Errc::unsupported,
                  "it has a 'proxy-url', and Reeve speaks to API servers directly: run it where the server can be reached");
  auto ca = content_of(cluster.certificate_authority, "certificate-authority");
  if (!ca) return refuse(ca.error().code, ca.error().message);
  if (cluster.insecure_skip_tls_verify && !ca->empty())
    return refuse(Errc::invalid_argument, "'insecure-skip-tls-verify' and a certificate authority contradict each other");
  access.tls.ca_pem = std::move(ca).value();
  access.tls.server_name = cluster.tls_server_name;
  access.tls.verify_peer = !cluster.insecure_skip_tls_verify;
  return Done{};
}

Status read_identity(const KubeconfigUser& user, ClusterAccess& access) {
  const auto refuse = [&](Errc code, const std::string& why) { return Error{code, fmt::format("user '{}': {}", user.name, why)}; };
  if (!user.unsupported.empty()) return refuse(Errc::unsupported, user.unsupported);
  auto certificate = content_of(user.client_certificate, "client-certificate");
  if (!certificate) return refuse(certificate.error().code, certificate.error().message);
  auto key = content_of(user.client_key, "client-key");
  if (!key) return refuse(key.error().code, key.error().message);
  if (certificate->empty() != key->empty())
    return refuse(Errc::invalid_argument, key->empty() ? "its client certificate has no key" : "its client key has no certificate");
  access.tls.certificate_pem = std::move(certificate).value();
  access.tls.key_pem = std::move(key).value();
  access.token = user.token;
  access.token_file = user.token_file;
  if (user.token.empty() && !user.token_file.empty())
    if (const auto token = read_text_file(user.token_file); !token)
      return refuse(Errc::invalid_argument, fmt::format("tokenFile '{}': {}", user.token_file, token.error().message));
  return Done{};
}

}  // namespace

Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& folder) {
  const auto refuse = [](const YAML::Mark& at, const std::string& why) {
    return Error{Errc::invalid_argument, at.line >= 0 ? fmt::format("line {}: {}", at.line + 1, why) : why};
  };
  Kubeconfig config;
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (!root || root.IsNull()) return config;
    if (!root.IsMap()) throw BadConfig{root.Mark(), "a mapping with 'clusters', 'users' and 'contexts' is expected"};
    config.current_context = text_of(root, "current-context");
    config.clusters = read_list(root, "clusters", "cluster", folder, read_cluster);
    config.users = read_list(root, "users", "user", folder, read_user);
    config.contexts = read_list(root, "contexts", "context", folder, read_context);
  } catch (const BadConfig& bad) {
    return refuse(bad.at, bad.why);
  } catch (const YAML::Exception& bad) {
    return refuse(bad.mark, bad.msg);
  }
  return config;
}

void merge(Kubeconfig& first, Kubeconfig next) {
  if (first.current_context.empty()) first.current_context = std::move(next.current_context);
  add_missing(first.clusters, std::move(next.clusters));
  add_missing(first.users, std::move(next.users));
  add_missing(first.contexts, std::move(next.contexts));
}

Result<ClusterAccess> choose_context(const Kubeconfig& config, const std::string& context) {
  const std::string& name = context.empty() ? config.current_context : context;
  const auto missing = [&](const std::string& why) { return Error{Errc::not_found, why}; };
  if (name.empty()) return missing(fmt::format("no context is named and there is no 'current-context'; {}", names_of(config.contexts)));
  const KubeconfigContext* chosen = find_named(config.contexts, name);
  if (chosen == nullptr) return missing(fmt::format("there is no context '{}'; {}", name, names_of(config.contexts)));
  const KubeconfigCluster* cluster = find_named(config.clusters, chosen->cluster);
  if (cluster == nullptr) return missing(fmt::format("context '{}' names cluster '{}', which is not there", name, chosen->cluster));
  ClusterAccess access{.name = name};
  if (!chosen->namespace_name.empty()) access.namespace_name = chosen->namespace_name;
  if (const auto read = read_trust(*cluster, access); !read) return read.error();
  if (chosen->user.empty()) return access;  // anonymous, as a local proxy wants it
  const KubeconfigUser* user = find_named(config.users, chosen->user);
  if (user == nullptr) return missing(fmt::format("context '{}' names user '{}', which is not there", name, chosen->user));
  if (const auto read = read_identity(*user, access); !read) return read.error();
  return access;
}

std::vector<std::string> kubeconfig_files(const std::string& named, const Environment& environment) {
  if (!named.empty()) return {named};
  std::vector<std::string> files;
  std::string list = environment("KUBECONFIG").value_or("");
  for (std::size_t begin = 0; begin <= list.size();) {
    const auto end = std::min(list.find(':', begin), list.size());
    if (end > begin) files.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  const auto home = environment("HOME");
  if (files.empty() && home && !home->empty()) files.push_back(*home + "/.kube/config");
  return files;
}

Result<ClusterAccess> read_kubeconfig(const std::vector<std::string>& files, const std::string& context) {
  const auto refuse = [](const std::string& file, const Error& why) {
    return Error{why.code, fmt::format("cannot use kubeconfig '{}': {}", file, why.message)};
  };
  if (files.empty()) return Error{Errc::not_found, "cannot use a kubeconfig: none is named, and neither KUBECONFIG nor HOME is set"};
  Kubeconfig config;
  std::string read_files;
  for (const std::string& file : files) {
    const auto text = read_text_file(file, kubeconfig_bytes_max);
    if (!text && text.error().code == Errc::not_found && files.size() > 1) continue;
    if (!text) return refuse(file, text.error());
    const auto slash = file.rfind('/');
    auto parsed = parse_kubeconfig(*text, slash == std::string::npos ? "" : file.substr(0, slash));
    if (!parsed) return refuse(file, parsed.error());
    merge(config, std::move(parsed).value());
    read_files += (read_files.empty() ? "" : ":") + file;
  }
  if (read_files.empty()) return refuse(files.front(), {Errc::not_found, "neither it nor any other of KUBECONFIG is there"});
  auto access = choose_context(config, context);
  if (!access) return refuse(read_files, access.error());
  return access;
}

}  // namespace reeve::kube
