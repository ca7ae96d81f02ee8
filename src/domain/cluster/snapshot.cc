#include "domain/cluster/snapshot.h"

#include <algorithm>
#include <utility>

namespace reeve::cluster {
namespace {

using Key = std::pair<std::string_view, std::string_view>;

Key key_of(const ObjectMeta& meta) { return {meta.namespace_name, meta.name}; }

// The object of that key in a list in order of keys; nullptr: none.
template <class Ptr>
auto find_object(const std::vector<Ptr>& objects, const Key& key) -> decltype(objects.front().get()) {
  const auto at = std::lower_bound(objects.begin(), objects.end(), key,
                                   [](const Ptr& object, const Key& wanted) { return key_of(object->meta) < wanted; });
  return at != objects.end() && key_of((*at)->meta) == key ? at->get() : nullptr;
}

}  // namespace

const std::string* find(const Labels& labels, std::string_view key) {
  const auto at =
      std::lower_bound(labels.begin(), labels.end(), key, [](const auto& label, std::string_view k) { return label.first < k; });
  return at != labels.end() && at->first == key ? &at->second : nullptr;
}

std::optional<Quantity> find(const ResourceList& resources, std::string_view name) {
  const auto at = std::lower_bound(resources.begin(), resources.end(), name, [](const auto& r, std::string_view n) { return r.first < n; });
  if (at == resources.end() || at->first != name) return std::nullopt;
  return at->second;
}

std::string pod_key(std::string_view namespace_name, std::string_view name) {
  std::string key;
  key.reserve(namespace_name.size() + 1 + name.size());
  key.append(namespace_name).append("/").append(name);
  return key;
}

const Pod* Snapshot::find_pod(std::string_view namespace_name, std::string_view name) const {
  return find_object(pods, Key{namespace_name, name});
}

const Node* Snapshot::find_node(const NodeName& name) const { return find_object(nodes, Key{"", name.text}); }

const ResourceClaim* Snapshot::find_claim(std::string_view namespace_name, std::string_view name) const {
  return find_object(claims, Key{namespace_name, name});
}

std::span<const PodPtr> Snapshot::pods_in(std::string_view namespace_name) const {
  const auto before = [](const PodPtr& pod, std::string_view wanted) { return pod->meta.namespace_name < wanted; };
  const auto behind = [](std::string_view wanted, const PodPtr& pod) { return wanted < pod->meta.namespace_name; };
  const auto begin = std::lower_bound(pods.begin(), pods.end(), namespace_name, before);
  return {begin, std::upper_bound(begin, pods.end(), namespace_name, behind)};
}

const Usage* Snapshot::usage_of(const Pod& pod) const {
  if (!pod_usage) return nullptr;
  const auto found = pod_usage->find(pod_key(pod.meta.namespace_name, pod.meta.name));
  return found == pod_usage->end() ? nullptr : &found->second;
}

const Usage* Snapshot::usage_of(const Node& node) const {
  if (!node_usage) return nullptr;
  const auto found = node_usage->find(NodeName{node.meta.name});
  return found == node_usage->end() ? nullptr : &found->second;
}

}  // namespace reeve::cluster
