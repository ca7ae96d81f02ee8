#include "adapters/kube/meta_decoder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kube/object_decoder.h"

namespace reeve::kube {
namespace {

constexpr std::string_view last_applied = "kubectl.kubernetes.io/last-applied-configuration";

std::string_view text_of(const boost::json::value& value) {
  const auto* text = value.if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

template <class Pairs>
void sort_by_key(Pairs& pairs) {
  const auto before = [](const auto& a, const auto& b) { return a.first < b.first; };
  if (!std::is_sorted(pairs.begin(), pairs.end(), before)) std::sort(pairs.begin(), pairs.end(), before);
}

cluster::Labels decode_annotations(const JsonFields& object) {
  cluster::Labels kept;
  const auto is_kept = [](const auto& entry) {
    return entry.value().is_string() && entry.key() != last_applied && entry.value().get_string().size() <= annotation_bytes_max;
  };
  kept.reserve(static_cast<std::size_t>(std::count_if(object.all().begin(), object.all().end(), is_kept)));
  for (const auto& entry : object.all())
    if (is_kept(entry)) kept.emplace_back(std::string(entry.key()), std::string(text_of(entry.value())));
  sort_by_key(kept);
  return kept;
}

// What may stand in a URL's path and in "namespace/name".
bool is_name(std::string_view text) { return !text.empty() && text.size() <= 253 && text.find('/') == std::string_view::npos; }

}  // namespace

Result<cluster::ObjectMeta> decode_meta(const JsonFields& object, std::string_view kind, Scope scope) {
  const std::string_view said = object.text("kind");
  if (!said.empty() && said != kind)
    return Error{Errc::invalid_argument, fmt::format("cannot read a {}: it is of kind '{:.63}'", kind, said)};
  const JsonFields meta = object.object("metadata");
  const std::string_view name = meta.text("name"), space = meta.text("namespace");
  if (!is_name(name)) return Error{Errc::invalid_argument, fmt::format("cannot read a {}: it has no valid name ('{:.40}')", kind, name)};
  if (scope == Scope::namespaced ? !is_name(space) : !space.empty())
    return Error{Errc::invalid_argument, fmt::format("cannot read {} '{}': its namespace is '{:.40}'", kind, name, space)};
  cluster::ObjectMeta read;
  read.name = name;
  read.namespace_name = space;
  read.uid = meta.text("uid");
  read.resource_version = meta.text("resourceVersion");
  read.created_at = meta.time("creationTimestamp");
  read.deleted_at = meta.time("deletionTimestamp");
  read.labels = decode_labels(meta.object("labels"));
  read.annotations = decode_annotations(meta.object("annotations"));
  return read;
}

cluster::Labels decode_labels(const JsonFields& object) {
  cluster::Labels labels;
  labels.reserve(object.all().size());
  for (const auto& entry : object.all())
    if (entry.value().is_string()) labels.emplace_back(std::string(entry.key()), std::string(text_of(entry.value())));
  sort_by_key(labels);
  return labels;
}

cluster::ResourceList decode_resources(const JsonFields& object) {
  cluster::ResourceList resources;
  resources.reserve(object.all().size());
  for (const auto& entry : object.all())
    if (const auto quantity = cluster::Quantity::parse(text_of(entry.value()))) resources.emplace_back(std::string(entry.key()), *quantity);
  sort_by_key(resources);
  return resources;
}

}  // namespace reeve::kube
