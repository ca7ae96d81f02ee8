#include "wire/exposition/holder_rows.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "wire/exposition/exposition_observation.h"

namespace reeve::wire {
namespace {

constexpr std::size_t name_max = 253;  // of Kubernetes objects
constexpr std::size_t resource_name_max = 317;
constexpr std::size_t device_id_max = 512;  // of DRA: a driver, a pool and a device

// The list of a device, which may be one that had none yet.
template <class List>
List& list_of(std::vector<List>& lists, std::size_t device) {
  if (lists.size() <= device) lists.resize(device + 1);
  return lists[device];
}

}  // namespace

bool HolderRows::add_row(std::optional<std::size_t> device, const RowLabels& labels) {
  std::vector<HolderObservation>& holders = device ? list_of(rows_, *device) : unplaced_;
  HolderObservation holder;
  holder.source = HolderSource::pod_resources;
  holder.namespace_name = labels.word(RowLabel::pod_namespace, name_max);
  holder.pod = labels.word(RowLabel::pod, name_max);
  holder.container = labels.word(RowLabel::container, name_max);
  holder.resource_name = labels.word(RowLabel::resource, resource_name_max);
  holder.device_id = labels.word(RowLabel::device_id, device_id_max);
  holder.gpu_instance = labels.number(RowLabel::instance_id);
  holder.replica = labels.number(RowLabel::replica);
  const bool is_usable = !holder.namespace_name.empty() && !holder.pod.empty() && holders.size() < exposed_holders_max;
  if (is_usable) holders.push_back(std::move(holder));
  return is_usable;
}

void HolderRows::note_pod(std::size_t device, const RowLabels& labels, std::optional<int> slice) {
  pods_told_ = true;
  PodLabels found;
  found.exported = labels.has(RowLabel::exported_pod);
  exported_told_ = exported_told_ || found.exported;
  const auto value = [&](RowLabel plain, RowLabel exported) { return labels.word(labels.has(exported) ? exported : plain, name_max); };
  found.pod = value(RowLabel::pod, RowLabel::exported_pod);
  found.namespace_name = value(RowLabel::pod_namespace, RowLabel::exported_namespace);
  if (found.pod.empty() || found.namespace_name.empty()) return;  // idle, in the words of older exporters
  found.container = value(RowLabel::container, RowLabel::exported_container);
  found.slice = slice;
  found.replica = labels.number(RowLabel::virtual_gpu);
  found.driver = labels.word(RowLabel::dra_driver, name_max);
  found.pool = labels.word(RowLabel::dra_pool, name_max);
  found.device = labels.word(RowLabel::dra_device, name_max);
  std::vector<PodLabels>& known = list_of(labels_, device);
  if (known.size() < exposed_holders_max && std::ranges::find(known, found) == known.end()) known.push_back(found);
}

void HolderRows::finish_labels(NodeObservation& node) const {
  if (!pods_told_) return;
  node.holders_from = HolderSource::exporter_labels;
  for (std::size_t i = 0; i < labels_.size() && i < node.devices.size(); ++i) {
    for (const PodLabels& labels : labels_[i]) {
      if (exported_told_ && !labels.exported) continue;
      HolderObservation& holder = node.devices[i].holders.emplace_back();
      holder.source = HolderSource::exporter_labels;
      holder.namespace_name = labels.namespace_name;
      holder.pod = labels.pod;
      holder.container = labels.container;
      if (!labels.driver.empty()) holder.device_id = fmt::format("{}/{}/{}", labels.driver, labels.pool, labels.device);
      holder.gpu_instance = labels.slice;
      holder.replica = labels.replica;
    }
    std::ranges::sort(node.devices[i].holders);
  }
}

void HolderRows::finish(NodeObservation& node, bool is_agent) && {
  if (!is_agent) return finish_labels(node);
  if (!kubelet_answered_) return;
  node.holders_from = HolderSource::pod_resources;
  for (std::size_t i = 0; i < rows_.size() && i < node.devices.size(); ++i) node.devices[i].holders = std::move(rows_[i]);
  node.unplaced_holders = std::move(unplaced_);
}

}  // namespace reeve::wire
