#pragma once
// Whose a pod is: user, team and project by rules over its labels and those of its namespace.

#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/result.h"
#include "domain/cluster/objects.h"

namespace reeve::holding {

enum class OwnerPlace { label, annotation, namespace_label, namespace_annotation, namespace_name, service_account };

constexpr std::string_view to_text(OwnerPlace place) {
  switch (place) {
    case OwnerPlace::label: return "label";
    case OwnerPlace::annotation: return "annotation";
    case OwnerPlace::namespace_label: return "namespace-label";
    case OwnerPlace::namespace_annotation: return "namespace-annotation";
    case OwnerPlace::namespace_name: return "namespace-name";
    case OwnerPlace::service_account: return "service-account";
  }
  return {};
}

// Where one name may stand.
struct OwnerRule {
  OwnerPlace place = OwnerPlace::label;
  std::string key{};  // of the label or annotation; empty for the last two places

  friend bool operator==(const OwnerRule&, const OwnerRule&) = default;
};

// "label:team", "annotation:example.com/owner", "namespace-label:team", "namespace-name", "service-account".
// Invalid argument: anything else.
Result<OwnerRule> parse_owner_rule(std::string_view text);
std::string to_text(const OwnerRule& rule);

// Each list in order: the first rule that finds a name wins. No rule finds one: nobody is named.
struct OwnerRules {
  std::vector<OwnerRule> user{};
  std::vector<OwnerRule> team{};
  std::vector<OwnerRule> project{};

  friend bool operator==(const OwnerRules&, const OwnerRules&) = default;
};

// Labels and annotations in use: Reeve's own, plain ones, the recommended labels, Kueue's queue; then the namespace's.
// A namespace's name is no team unless a rule says so.
OwnerRules default_owner_rules();

struct Owner {
  std::string user{};
  std::string team{};
  std::string project{};

  friend bool operator==(const Owner&, const Owner&) = default;
};

// `in`: the pod's namespace; nullptr: not known. A text of more than 128 bytes is no name and is passed over.
Owner owner_of(const OwnerRules& rules, const cluster::Pod& pod, const cluster::Namespace* in);

}  // namespace reeve::holding
