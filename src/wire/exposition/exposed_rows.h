#pragma once
// One line of an exposition, as rows about GPUs spell it: which labels matter, which metric a name means,
// which numbers are none. Made for speed: a node prints some 600 such lines a round.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_text.h"
#include "codec/exposition.h"
#include "domain/metrics/metric.h"

namespace reeve::wire {

enum class RowLabel {
  gpu,
  uuid,
  pci_bus_id,
  device,
  model_name,
  instance_profile,
  instance_id,
  compute_instance_id,
  hostname,
  driver_version,
  cuda_version,
  pid,
  process_name,
  xid,
  sequence,
  version,
  pod,
  pod_namespace,
  container,
  exported_pod,  // what Prometheus makes of a label that the target has, too
  exported_namespace,
  exported_container,
  virtual_gpu,
  replica,
  resource,
  device_id,
  dra_driver,
  dra_pool,
  dra_device,
};
inline constexpr std::size_t row_label_count = static_cast<std::size_t>(RowLabel::dra_device) + 1;

// Printable ASCII without blanks, quotes and backslashes, and not longer than that: an id or a name.
bool is_word(std::string_view text, std::size_t size_max);

// The labels of one row by meaning, old spellings included; the first of two equal ones counts.
class RowLabels {
 public:
  explicit RowLabels(std::span<const ExpositionLabel> labels);

  bool has(RowLabel label) const { return found_[static_cast<std::size_t>(label)] != nullptr; }
  // Empty when it is not there. Not unescaped: for ids, which hold nothing to escape.
  std::string_view raw(RowLabel label) const;
  // As text to show: unescaped, cut to a sane length, bytes that are not printable ASCII replaced by '?'.
  std::string text(RowLabel label) const;
  // An id or a name; empty when it is not there or no word of that size.
  std::string_view word(RowLabel label, std::size_t size_max) const;
  // A number that is not negative.
  std::optional<int> number(RowLabel label) const;

 private:
  std::array<const ExpositionLabel*, row_label_count> found_{};
};

// By dcgm-exporter's name, past names included; nullopt when the table has no such metric.
std::optional<Metric> metric_of_row(std::string_view name);

// Is it measured for a MIG instance itself? Everything else on an instance's row is its GPU's figure.
bool is_per_instance(Metric metric);

// The value in the unit of the table; absent when it is NaN, infinite, or one of DCGM's values for "unknown".
std::optional<double> value_of_row(const MetricInfo& row, const ExpositionSample& sample);

}  // namespace reeve::wire
