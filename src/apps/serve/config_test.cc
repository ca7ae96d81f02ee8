#include "apps/serve/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "testing/source_tree.h"

namespace reeve {
namespace {

std::string why_refused(std::string_view yaml) {
  const auto config = parse_config(yaml, "reeve.yaml");
  return config ? "accepted" : config.error().message;
}

TEST(ServeConfig, an_empty_file_gives_the_defaults) {
  const auto config = parse_config("", "reeve.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen.port, 8080);
  EXPECT_EQ(config->collect_interval, std::chrono::seconds(30));
}

TEST(ServeConfig, every_key_is_read) {
  const auto config = parse_config(R"(
listen: 0.0.0.0:9000
http_threads: 4
data_dir: /var/lib/reeve
cluster: seoul-1
collect: {interval: 15s, deadline: 5s}
targets:
  - 10.0.0.1:9400
  - {url: "http://10.0.0.2:9400", kind: dcgm-exporter, node: n2, cluster: busan}
target_files: [targets.json]
catalogue_file: models.csv
mig_profile_file: mig.csv
mig_compute_profile_file: compute.csv
prices: {H100_80GB: 3.5}
mig_discount: 0.9
time_zone: UTC
retention: 30d
)",
                                   "reeve.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen.host, "0.0.0.0");
  EXPECT_EQ(config->http_threads, 4);
  EXPECT_EQ(config->data_dir, "/var/lib/reeve");
  EXPECT_EQ(config->cluster, "seoul-1");
  EXPECT_EQ(config->collect_interval, std::chrono::seconds(15));
  EXPECT_EQ(config->collect_deadline, std::chrono::seconds(5));
  ASSERT_EQ(config->targets.size(), 2U);
  EXPECT_EQ(config->targets[0].url, "http://10.0.0.1:9400");
  EXPECT_EQ(config->targets[1].kind, ObservationSource::dcgm_exporter);
  EXPECT_EQ(config->targets[1].node.text, "n2");
  EXPECT_EQ(config->target_files, std::vector<std::string>{"targets.json"});
  EXPECT_EQ(config->catalogue_file, "models.csv");
  EXPECT_EQ(config->mig_profile_file, "mig.csv");
  EXPECT_EQ(config->mig_compute_profile_file, "compute.csv");
  EXPECT_EQ(config->prices.at(ModelId{"H100_80GB"}), MicroUsd(3'500'000));
  EXPECT_EQ(config->mig_discount, 0.9);
  EXPECT_EQ(config->time_zone, "UTC");
  EXPECT_EQ(config->retention, std::chrono::hours(720));
}

TEST(ServeConfig, a_wrong_key_is_refused_with_its_line_and_the_known_keys) {
  const std::string why = why_refused("listen: :8080\nlistn: x\n");
  EXPECT_TRUE(why.starts_with("cannot read the configuration: reeve.yaml:2: unknown key 'listn'; known here: ")) << why;
}

TEST(ServeConfig, wrong_values_are_refused_with_their_line) {
  EXPECT_EQ(why_refused("\nmig_discount: 2\n"), "cannot read the configuration: reeve.yaml:2: 'mig_discount' is above 0 and at most 1");
  EXPECT_EQ(why_refused("retention: soon"),
            "cannot read the configuration: reeve.yaml:1: 'soon' is not a duration: a whole number and one of ms, s, m, h, d is expected");
  EXPECT_EQ(why_refused("targets: [{kind: reeve-agent}]"), "cannot read the configuration: reeve.yaml:1: a target needs a 'url'");
  EXPECT_EQ(why_refused("listen: here"),
            "cannot read the configuration: reeve.yaml:1: cannot listen on 'here': ADDR:PORT is expected, such as 127.0.0.1:8080");
}

TEST(ServeConfig, a_cluster_is_looked_at_only_when_the_file_says_so) {
  EXPECT_EQ(parse_config("", "reeve.yaml")->kubernetes.access, KubernetesConfig::Access::off);
  // An empty section asks for the defaults: $KUBECONFIG or ~/.kube/config, its current context.
  EXPECT_EQ(parse_config("kubernetes: {}", "reeve.yaml")->kubernetes.access, KubernetesConfig::Access::kubeconfig);
  const auto config =
      parse_config("kubernetes: {kubeconfig: k.yaml, context: prod, namespace: gpu, discover_targets: false, metrics_interval: 30s}", "f");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->kubernetes.kubeconfig, "k.yaml");
  EXPECT_EQ(config->kubernetes.context, "prod");
  EXPECT_EQ(config->kubernetes.namespace_name, "gpu");
  EXPECT_FALSE(config->kubernetes.discover_targets);
  EXPECT_EQ(config->kubernetes.metrics_interval, Milliseconds(30'000));
  EXPECT_EQ(parse_config("kubernetes: {in_cluster: true}", "f")->kubernetes.access, KubernetesConfig::Access::in_cluster);
}

TEST(ServeConfig, rules_for_owners_and_serving_pods_are_read) {
  const auto config = parse_config(R"(
kubernetes:
  owners: {team: ["label:squad", namespace-name]}
  serving: {labels: [app, role], vllm: {port: 9000}}
)",
                                   "f");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->kubernetes.owners.team,
            (std::vector<holding::OwnerRule>{{holding::OwnerPlace::label, "squad"}, {holding::OwnerPlace::namespace_name, ""}}));
  EXPECT_EQ(config->kubernetes.owners.user, holding::default_owner_rules().user);
  EXPECT_EQ(config->kubernetes.serving.labels, (std::vector<std::string>{"app", "role"}));
  EXPECT_EQ(config->kubernetes.serving.vllm.port, 9000);
  EXPECT_NE(why_refused("kubernetes: {owners: {team: [nonsense]}}"), "accepted");
  EXPECT_NE(why_refused("kubernetes: {serving: {vllm: {prot: 1}}}"), "accepted");
}

TEST(ServeConfig, every_configuration_of_the_documentation_is_read) {
  std::ifstream file(source_path("docs/kubernetes.md"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  int blocks = 0;
  const std::string fence = "```";
  for (std::size_t at = text.find(fence + "yaml\n"); at != std::string::npos; at = text.find(fence + "yaml\n", at)) {
    at += fence.size() + 5;
    const std::string block = text.substr(at, text.find(fence, at) - at);
    EXPECT_EQ(why_refused(block), "accepted") << block;
    ++blocks;
  }
  EXPECT_GE(blocks, 4);
}

TEST(ServeConfig, the_service_account_of_a_pod_goes_without_a_kubeconfig) {
  EXPECT_NE(why_refused("kubernetes: {in_cluster: true, context: prod}").find("goes without"), std::string::npos);
  EXPECT_NE(why_refused("kubernetes: {in_cluster: maybe}").find("neither true nor false"), std::string::npos);
}

TEST(ServeConfig, an_address_that_nobody_can_ask_is_refused) {
  EXPECT_EQ(why_refused("targets: ['ftp://x']"),
            "cannot read the configuration: reeve.yaml:1: 'ftp://x' is not ADDR:PORT nor an http:// address");
  for (const char* wrong : {"targets: ['h:99999']", "targets: ['https://h']", "targets: ['1:2:3']", "targets: [{url: 'http://'}]"})
    EXPECT_NE(why_refused(wrong), "accepted") << wrong;
}

TEST(ServeConfig, what_would_forget_all_or_serve_nobody_is_refused) {
  EXPECT_EQ(why_refused("retention: 0s"), "cannot read the configuration: reeve.yaml:1: 'retention' is at least 1d");
  EXPECT_EQ(why_refused("http_threads: 0"), "cannot read the configuration: reeve.yaml:1: 'http_threads' is 1 to 64");
}

TEST(ServeConfig, text_that_is_no_yaml_is_refused) { EXPECT_NE(why_refused("a: [1"), "accepted"); }

TEST(ServeConfig, a_duration_needs_its_unit_and_does_not_overflow) {
  EXPECT_EQ(*parse_duration("7d"), std::chrono::hours(168));
  EXPECT_EQ(*parse_duration("250ms"), Milliseconds(250));
  EXPECT_FALSE(parse_duration("7"));
  EXPECT_FALSE(parse_duration("d"));
  EXPECT_FALSE(parse_duration("999999999999999999d"));
}

TEST(ServeConfig, ipv6_addresses_stand_in_brackets) { EXPECT_EQ(parse_listen("[::1]:80")->host, "::1"); }

}  // namespace
}  // namespace reeve
