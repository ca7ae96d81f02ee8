#pragma once
// Reads kubeconfig files as kubectl does.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/kube/credentials.h"
#include "adapters/kube/in_cluster.h"
#include "base/result.h"

namespace reeve::kube {

inline constexpr std::size_t kubeconfig_bytes_max = 16 << 20;

// A text that stands in the file itself, in base64, or in a file beside it.
struct KubeconfigText {
  std::string data{};  // base64; goes before `file`
  std::string file{};

  friend bool operator==(const KubeconfigText&, const KubeconfigText&) = default;
};

struct KubeconfigCluster {
  std::string name{};
  std::string server{};
  KubeconfigText certificate_authority{};
  std::string tls_server_name{};
  bool insecure_skip_tls_verify = false;
  bool proxied = false;  // has a proxy-url
};

struct KubeconfigUser {
  std::string name{};
  KubeconfigText client_certificate{};
  KubeconfigText client_key{};
  std::string token{};
  std::string token_file{};
  std::string unsupported{};  // why we cannot act as this user, and what to do instead; empty: we can
};

struct KubeconfigContext {
  std::string name{};
  std::string cluster{};
  std::string user{};
  std::string namespace_name{};
};

struct Kubeconfig {
  std::string current_context{};
  std::vector<KubeconfigCluster> clusters{};
  std::vector<KubeconfigUser> users{};
  std::vector<KubeconfigContext> contexts{};
};

// Paths in it are taken to be relative to `folder`. Invalid argument: "line 3: ..."; never a secret.
Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& folder);

// What `first` has of a name, `next` has not; as kubectl merges the files of $KUBECONFIG.
void merge(Kubeconfig& first, Kubeconfig next);

// Reads the certificates that the context (empty: the current one) names. Not found: no such context, cluster or user.
// Unsupported: it needs a program, a password or a proxy. Invalid argument: bad base64, unreadable file, bad URL.
Result<ClusterAccess> choose_context(const Kubeconfig& config, const std::string& context);

// The files to read: the one named, else those of $KUBECONFIG, else ~/.kube/config. Empty: $HOME is not set either.
std::vector<std::string> kubeconfig_files(const std::string& named, const Environment& environment);

// All together. Of several files those that are missing are passed over. Messages: "cannot use kubeconfig 'path': why".
Result<ClusterAccess> read_kubeconfig(const std::vector<std::string>& files, const std::string& context);

}  // namespace reeve::kube
