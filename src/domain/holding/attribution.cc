#include "domain/holding/attribution.h"

#include <fmt/format.h>

#include "domain/cluster/snapshot.h"

namespace reeve::holding {
namespace {

constexpr std::size_t name_length_max = 128;  // what an allocation takes as user, team or project

bool has_key(OwnerPlace place) { return place != OwnerPlace::namespace_name && place != OwnerPlace::service_account; }

const std::string* find_name(const OwnerRule& rule, const cluster::Pod& pod, const cluster::Namespace* in) {
  switch (rule.place) {
    case OwnerPlace::label: return cluster::find(pod.meta.labels, rule.key);
    case OwnerPlace::annotation: return cluster::find(pod.meta.annotations, rule.key);
    case OwnerPlace::namespace_label: return in == nullptr ? nullptr : cluster::find(in->meta.labels, rule.key);
    case OwnerPlace::namespace_annotation: return in == nullptr ? nullptr : cluster::find(in->meta.annotations, rule.key);
    case OwnerPlace::namespace_name: return &pod.meta.namespace_name;
    case OwnerPlace::service_account: return &pod.service_account;
  }
  return nullptr;
}

std::string first_name(const std::vector<OwnerRule>& rules, const cluster::Pod& pod, const cluster::Namespace* in) {
  for (const OwnerRule& rule : rules)
    if (const std::string* name = find_name(rule, pod, in); name != nullptr && !name->empty() && name->size() <= name_length_max)
      return *name;
  return {};
}

// Each key as label and as annotation of the pod, in that order, then of its namespace.
std::vector<OwnerRule> everywhere(std::initializer_list<std::string_view> keys) {
  std::vector<OwnerRule> rules;
  for (const OwnerPlace place : {OwnerPlace::label, OwnerPlace::annotation, OwnerPlace::namespace_label, OwnerPlace::namespace_annotation})
    for (const std::string_view key : keys) rules.push_back({place, std::string(key)});
  return rules;
}

}  // namespace

Result<OwnerRule> parse_owner_rule(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto place = from_text<OwnerPlace>(text.substr(0, colon));
  const std::string_view key = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (!place || (colon != std::string_view::npos) != has_key(*place) || has_key(*place) == key.empty())
    return Error{Errc::invalid_argument,
                 fmt::format("cannot read '{}' as a rule: one of label:KEY, annotation:KEY, namespace-label:KEY, namespace-annotation:KEY, "
                             "namespace-name and service-account is expected",
                             text)};
  return OwnerRule{*place, std::string(key)};
}

std::string to_text(const OwnerRule& rule) {
  return has_key(rule.place) ? fmt::format("{}:{}", to_text(rule.place), rule.key) : std::string(to_text(rule.place));
}

OwnerRules default_owner_rules() {
  return {.user = everywhere({"reeve.io/user", "reeve.io/created-by", "owner", "created-by", "openshift.io/requester"}),
          .team = everywhere({"reeve.io/team", "team", "app.kubernetes.io/part-of", "kueue.x-k8s.io/queue-name"}),
          .project = everywhere({"reeve.io/project", "project"})};
}

Owner owner_of(const OwnerRules& rules, const cluster::Pod& pod, const cluster::Namespace* in) {
  return {.user = first_name(rules.user, pod, in), .team = first_name(rules.team, pod, in), .project = first_name(rules.project, pod, in)};
}

}  // namespace reeve::holding
