#pragma once
// `reeve get KIND [NAME...]`: a list, or the named things, once or as they change.

#include <optional>
#include <string>
#include <vector>

#include "delivery/cli/kinds.h"
#include "delivery/cli/session.h"

namespace reeve::cli {

struct GetRequest {
  std::vector<std::string> names{};
  Parameters parameters{};  // filters that were given
  std::optional<std::size_t> limit{};
  std::string sort{};
  std::string selector{};  // "app=vllm,tier!=dev,owner": labels, compared here
  bool watch = false;
  double interval_seconds = 2;
};

Status get(const Session& session, const Kind& kind, const GetRequest& request);

// One condition of a label selector.
struct LabelCondition {
  std::string key{};
  std::optional<std::string> value{};  // absent: the key must be there
  bool equal = true;

  friend bool operator==(const LabelCondition&, const LabelCondition&) = default;
};
Result<std::vector<LabelCondition>> parse_selector(const std::string& text);
bool matches(const std::vector<LabelCondition>& conditions, const Json& item);

}  // namespace reeve::cli
