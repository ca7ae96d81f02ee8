#include "apps/serve/config_reader.h"

#include "apps/serve/config.h"

namespace reeve {

std::string text_of(const YAML::Node& node) {
  if (!node.IsScalar()) throw BadConfig{node.Mark(), "a single value is expected"};
  return node.Scalar();
}

Milliseconds duration_of(const YAML::Node& node) {
  const auto duration = parse_duration(text_of(node));
  if (!duration) throw BadConfig{node.Mark(), duration.error().message};
  return *duration;
}

std::vector<std::string> texts_of(const YAML::Node& node) {
  if (!node.IsSequence()) throw BadConfig{node.Mark(), "a list is expected"};
  std::vector<std::string> texts;
  for (const YAML::Node& item : node) texts.push_back(text_of(item));
  return texts;
}

bool truth_of(const YAML::Node& node) {
  const std::string text = text_of(node);
  if (text == "true") return true;
  if (text == "false") return false;
  throw BadConfig{node.Mark(), fmt::format("'{}' is neither true nor false", text)};
}

void read_map(const YAML::Node& node, const KeyReaders& readers) {
  if (node.IsNull()) return;
  if (!node.IsMap()) throw BadConfig{node.Mark(), "a mapping is expected"};
  for (const auto& entry : node) {
    const std::string key = text_of(entry.first);
    const auto reader = readers.find(key);
    if (reader == readers.end()) {
      std::string known;
      for (const auto& [name, read] : readers) known += (known.empty() ? "" : ", ") + name;
      throw BadConfig{entry.first.Mark(), fmt::format("unknown key '{}'; known here: {}", key, known)};
    }
    reader->second(entry.second);
  }
}

}  // namespace reeve
