#pragma once
// The configuration of `reeve serve`: a YAML file, every key optional, unknown keys refused.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/name.h"
#include "base/result.h"
#include "base/time.h"
#include "base/units.h"
#include "domain/holding/attribution.h"
#include "domain/serving/recognition.h"
#include "ports/node_source.h"

namespace reeve {

struct ListenAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
};

// "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses).
Result<ListenAddress> parse_listen(std::string_view text);

// "7d", "36h", "30s", "250ms".
Result<Milliseconds> parse_duration(std::string_view text);

// The Kubernetes cluster to look at.
struct KubernetesConfig {
  enum class Access {
    off,
    kubeconfig,  // a file: the one named, else $KUBECONFIG, else ~/.kube/config
    in_cluster,  // the service account of the pod that we run in
  };
  Access access = Access::off;
  std::string kubeconfig{};
  std::string context{};                  // empty: the file's current one
  std::string namespace_name{};           // of our Lease; empty: the context's, or that of our pod
  bool discover_targets = true;           // agents and exporters that run as pods are collected from by themselves
  Milliseconds metrics_interval{15'000};  // of metrics.k8s.io
  serving::RecognitionRules serving{};    // which pods serve models
  holding::OwnerRules owners = holding::default_owner_rules();
};

struct ServeConfig {
  ListenAddress listen{};
  int http_threads = 2;
  std::string data_dir = "reeve-data";
  std::string cluster{};  // name given to nodes whose target has none
  KubernetesConfig kubernetes{};
  Milliseconds collect_interval{30'000};  // one round
  Milliseconds collect_deadline{10'000};  // of one node; less than the interval
  std::vector<Target> targets{};
  std::vector<std::string> target_files{};               // watched, read again when they change
  std::string catalogue_file{};                          // CSV of GPU models that extend or replace those built in
  std::string mig_profile_file{};                        // CSV of GPU instance profiles, likewise
  std::string mig_compute_profile_file{};                // CSV of compute instance profiles, likewise
  std::map<ModelId, MicroUsd> prices{};                  // per GPU and hour
  double mig_discount = 0.7;                             // factor on a slice's share, (0, 1]
  std::string time_zone = "Asia/Seoul";                  // of the old API's times, which carry none
  Milliseconds retention{std::chrono::hours(24 * 400)};  // of metrics
};

// The text of a file; `file` is its name for messages ("reeve.yaml:12: ...").
Result<ServeConfig> parse_config(std::string_view yaml, const std::string& file);
Result<ServeConfig> read_config(const std::string& path);

}  // namespace reeve
