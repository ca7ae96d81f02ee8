#pragma once
// Who holds what, as the rows of one exposition say. Views of the text are kept until finish(): it outlives this.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/inventory/observation.h"
#include "wire/exposition/exposed_rows.h"

namespace reeve::wire {

class HolderRows {
 public:
  // The pod labels of a metric's row: in dcgm-exporter's spellings of all times, and in Prometheus' (exported_pod),
  // beside which the plain ones name the exporter's own pod. `device`: its position in the observation.
  void note_labels(std::size_t device, const RowLabels& labels) {
    if (labels.has(RowLabel::pod) || labels.has(RowLabel::exported_pod)) note_pod(device, labels, labels.number(RowLabel::instance_id));
  }
  void note_labels(std::size_t device, const RowLabels& labels, std::optional<int> slice) {
    if (labels.has(RowLabel::pod) || labels.has(RowLabel::exported_pod)) note_pod(device, labels, slice);
  }

  // A row reeve_pod_device_info; without a device: of none of this node. False: it is unusable, or one too many.
  bool add_row(std::optional<std::size_t> device, const RowLabels& labels);
  void set_kubelet_answered(bool answered) { kubelet_answered_ = answered; }

  // Adds the holders to the devices, which stand in the order of before.
  void finish(NodeObservation& node, bool is_agent) &&;

 private:
  struct PodLabels {
    std::optional<int> slice{};
    std::optional<int> replica{};
    bool exported = false;
    std::string_view namespace_name{};
    std::string_view pod{};
    std::string_view container{};
    std::string_view driver{};  // of DRA
    std::string_view pool{};
    std::string_view device{};
    friend bool operator==(const PodLabels&, const PodLabels&) = default;
  };

  void note_pod(std::size_t device, const RowLabels& labels, std::optional<int> slice);
  void finish_labels(NodeObservation& node) const;

  bool kubelet_answered_ = false;
  std::vector<std::vector<HolderObservation>> rows_{};  // by device
  std::vector<HolderObservation> unplaced_{};
  bool pods_told_ = false;
  bool exported_told_ = false;
  std::vector<std::vector<PodLabels>> labels_{};  // by device, each once
};

}  // namespace reeve::wire
