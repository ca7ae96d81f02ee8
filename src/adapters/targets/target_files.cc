#include "adapters/targets/target_files.h"

#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unordered_set>

#include <fmt/format.h>

namespace reeve {
namespace {

// Raised by the readers below and caught in parse_targets(): yaml-cpp itself throws, so both come one way.
struct BadTargets {
  YAML::Mark at;
  std::string why;
};

const std::string& text_of(const YAML::Node& node) {
  if (!node.IsScalar()) throw BadTargets{node.Mark(), "a text is expected"};
  return node.Scalar();
}

std::string url_of(const YAML::Node& node) {
  std::string url = text_of(node);
  if (url.empty()) throw BadTargets{node.Mark(), "a target needs \"host:port\""};
  if (url.find("://") == std::string::npos) url = "http://" + url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// True when the key is one that says something about a target.
bool read_key(const std::string& key, const YAML::Node& value, Target& target) {
  if (key == "node") {
    target.node.text = text_of(value);
  } else if (key == "cluster") {
    target.cluster = text_of(value);
  } else if (key == "kind") {
    const auto kind = from_text<ObservationSource>(text_of(value));
    if (!kind || *kind == ObservationSource::registered)
      throw BadTargets{value.Mark(), "'kind' is reeve-agent, dcgm-exporter, amd-exporter, intel-exporter or gaudi-exporter"};
    target.kind = *kind;
  } else {
    return false;
  }
  return true;
}

void read_entry(const YAML::Node& entry, std::vector<Target>& targets) {
  if (entry.IsScalar()) {
    targets.push_back({.url = url_of(entry)});
    return;
  }
  if (!entry.IsMap()) throw BadTargets{entry.Mark(), "an entry is {\"targets\": [\"host:port\"], \"labels\": {...}}"};
  Target common;
  YAML::Node urls;
  for (const auto& field : entry) {
    const std::string key = text_of(field.first);
    if (key == "targets") {
      urls = field.second;
    } else if (key == "labels") {
      if (!field.second.IsMap()) throw BadTargets{field.second.Mark(), "'labels' is a mapping"};
      for (const auto& label : field.second) read_key(text_of(label.first), label.second, common);
    } else if (!read_key(key, field.second, common)) {
      throw BadTargets{field.first.Mark(), fmt::format("unknown key '{}'; known here: targets, labels, kind, node, cluster", key)};
    }
  }
  if (!urls.IsSequence()) throw BadTargets{entry.Mark(), "'targets' is a list of \"host:port\""};
  for (const YAML::Node& url : urls) {
    if (targets.size() == targets_max) throw BadTargets{url.Mark(), fmt::format("more than {} targets", targets_max)};
    targets.push_back(common);
    targets.back().url = url_of(url);
  }
}

Error fault(const YAML::Mark& at, const std::string& why) {
  return {Errc::invalid_argument, at.line >= 0 ? fmt::format("line {}: {}", at.line + 1, why) : why};
}

}  // namespace

Result<std::vector<Target>> parse_targets(std::string_view text) {
  std::vector<Target> targets;
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (root.IsNull()) return targets;
    if (!root.IsSequence()) throw BadTargets{root.Mark(), "a list of targets is expected"};
    for (const YAML::Node& entry : root) read_entry(entry, targets);
  } catch (const BadTargets& bad) {
    return fault(bad.at, bad.why);
  } catch (const YAML::Exception& bad) {
    return fault(bad.mark, bad.msg);
  }
  return targets;
}

TargetFiles::TargetFiles(std::vector<Target> fixed, const std::vector<std::string>& files, std::string cluster)
    : fixed_(std::move(fixed)), cluster_(std::move(cluster)) {
  for (const std::string& path : files) files_.push_back({.path = path});
}

Result<TargetFiles::Stamp> TargetFiles::stamp_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return Error{Errc::not_found, std::error_code(errno, std::generic_category()).message()};
  if (!S_ISREG(info.st_mode)) return Error{Errc::invalid_argument, "it is no file"};
  if (static_cast<std::uint64_t>(info.st_size) > target_file_bytes_max)
    return Error{Errc::invalid_argument, fmt::format("it is larger than {} bytes", target_file_bytes_max)};
  return Stamp{info.st_ino, static_cast<std::uint64_t>(info.st_size), info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
}

void TargetFiles::refresh(File& file) {
  const auto refuse = [&](const std::string& why) { file.error = fmt::format("cannot read targets from '{}': {}", file.path, why); };
  const auto stamp = stamp_of(file.path);
  if (!stamp) {
    file.stamp = {};
    return refuse(stamp.error().message);
  }
  if (*stamp == file.stamp) return;  // a faulty file is read again when somebody mends it
  std::ifstream in(file.path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) return refuse("it cannot be read");
  file.stamp = *stamp;
  auto targets = parse_targets(text);
  if (!targets) return refuse(targets.error().message);
  file.targets = std::move(targets).value();
  file.error.clear();
}

TargetList TargetFiles::current() {
  TargetList list;
  std::unordered_set<std::string> known;
  const auto add = [&](Target target) {
    if (target.cluster.empty()) target.cluster = cluster_;
    if (known.insert(target.url).second) list.targets.push_back(std::move(target));
  };
  for (const Target& target : fixed_) add(target);
  for (File& file : files_) {
    refresh(file);
    for (const Target& target : file.targets) add(target);
    if (!file.error.empty()) list.error += (list.error.empty() ? "" : "; ") + file.error;
  }
  return list;
}

}  // namespace reeve
