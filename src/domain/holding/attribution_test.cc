#include "domain/holding/attribution.h"

#include <gtest/gtest.h>

namespace reeve::holding {
namespace {

TEST(OwnerRules, a_rule_reads_as_it_is_written) {
  for (const char* text : {"label:team", "annotation:example.com/owner", "namespace-label:team", "namespace-annotation:a:b",
                           "namespace-name", "service-account"}) {
    const auto rule = parse_owner_rule(text);
    ASSERT_TRUE(rule.ok()) << text;
    EXPECT_EQ(to_text(*rule), text);
  }
  for (const char* text : {"", "label", "label:", "namespace-name:", "namespace-name:x", "team", "Label:team"})
    EXPECT_EQ(parse_owner_rule(text).error().code, Errc::invalid_argument) << text;
}

TEST(OwnerRules, the_pod_goes_before_its_namespace_and_a_label_before_an_annotation) {
  cluster::Pod pod;
  pod.meta = {.name = "p", .namespace_name = "ml-prod"};
  cluster::Namespace in{.meta = {.name = "ml-prod", .labels = {{"team", "of-namespace"}}}};
  const OwnerRules rules = default_owner_rules();
  EXPECT_EQ(owner_of(rules, pod, nullptr), Owner{});
  EXPECT_EQ(owner_of(rules, pod, &in).team, "of-namespace");
  pod.meta.annotations = {{"reeve.io/created-by", "kim"}, {"team", "of-annotation"}};
  EXPECT_EQ(owner_of(rules, pod, &in), (Owner{.user = "kim", .team = "of-annotation"}));
  pod.meta.labels = {{"kueue.x-k8s.io/queue-name", "of-queue"}, {"reeve.io/project", "llm"}};
  EXPECT_EQ(owner_of(rules, pod, &in), (Owner{.user = "kim", .team = "of-queue", .project = "llm"}));
  pod.meta.labels = {{"reeve.io/team", std::string(200, 'x')}, {"team", "short"}};
  EXPECT_EQ(owner_of(rules, pod, &in).team, "short");
}

TEST(OwnerRules, a_namespace_is_a_team_only_where_a_rule_says_so) {
  cluster::Pod pod;
  pod.meta = {.name = "p", .namespace_name = "ml-prod"};
  OwnerRules rules = default_owner_rules();
  EXPECT_EQ(owner_of(rules, pod, nullptr).team, "");
  rules.team.push_back({OwnerPlace::namespace_name});
  EXPECT_EQ(owner_of(rules, pod, nullptr).team, "ml-prod");
}

}  // namespace
}  // namespace reeve::holding
