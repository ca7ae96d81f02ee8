#pragma once
// Reading a configuration by keys: every key has a reader, an unknown one is refused with those that there are.
// Private to apps/serve.

#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/parse.h"
#include "base/time.h"

namespace reeve {

// Raised by the readers and caught in parse_config(): yaml-cpp itself throws, so both kinds of failure take one way.
struct BadConfig {
  YAML::Mark at;
  std::string why;
};

using KeyReaders = std::map<std::string, std::function<void(const YAML::Node&)>>;

std::string text_of(const YAML::Node& node);
std::vector<std::string> texts_of(const YAML::Node& node);
bool truth_of(const YAML::Node& node);
Milliseconds duration_of(const YAML::Node& node);
void read_map(const YAML::Node& node, const KeyReaders& readers);

template <class Number>
Number number_of(const YAML::Node& node) {
  const auto number = parse_number<Number>(text_of(node));
  if (!number) throw BadConfig{node.Mark(), fmt::format("'{}' is not a number", node.Scalar())};
  return *number;
}

}  // namespace reeve
