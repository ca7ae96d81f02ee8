#pragma once
// What the readers of other vendors' exporters have in common: a node that grows row by row, and the labels of a row.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/exposition.h"
#include "wire/exposition/exposed_rows.h"
#include "wire/exposition/exposition_observation.h"
#include "wire/exposition/holder_rows.h"

namespace reeve::wire {

// A label's value where it stands as an id or a name: empty when it is not there or no word ("N/A" is none either).
std::string_view word_of(std::span<const ExpositionLabel> labels, std::string_view name);
// As text to show, like RowLabels::text.
std::string text_of(std::span<const ExpositionLabel> labels, std::string_view name);

// A row's name, the metric that it is, and what makes its number one of the table's unit.
struct VendorRow {
  std::string_view name;
  Metric metric;
  double scale = 1;
  int rank = 0;                 // of two rows for one metric the higher one counts
  bool of_slice = false;        // measured for a partition itself; the rest is the GPU's
  bool zero_is_absent = false;  // no device draws 0 W or has 0 degrees: it is what is printed for "unknown"
};

class VendorNode {
 public:
  explicit VendorNode(const ExpositionOrigin& origin);

  // The device of that key, new or known; absent: one too many, or `uuid` is no word.
  std::optional<std::size_t> device(std::string_view key, std::string_view uuid);
  DeviceObservation& at(std::size_t position) { return exposed_.observation.devices[position]; }
  // A partition of it; nullptr: one too many.
  InstanceObservation* slice(std::size_t position, int id);

  // The value of a row of the device; NaN, infinite, negative and, where they mean nothing, zero ones do not count.
  void set(std::size_t position, const VendorRow& row, double value);
  static void set(InstanceObservation& slice, const VendorRow& row, double value);
  static std::optional<double> value_of(const VendorRow& row, double value);

  HolderRows& holders() { return holders_; }
  NodeObservation& node() { return exposed_.observation; }
  void drop_row() { ++exposed_.dropped_rows; }

  // Devices in ascending order of their index; memory from the values that tell it.
  ExposedNode finish(std::size_t broken_lines) &&;

 private:
  ExposedNode exposed_{};
  HolderRows holders_{};
  std::vector<std::string> keys_{};  // by position
  std::vector<std::array<int, metric_count>> ranks_{};
};

// Each reads the whole text of one exporter; the number of samples is what the reader counts.
void read_amd_rows(ExpositionReader& reader, VendorNode& node);
void read_intel_rows(ExpositionReader& reader, VendorNode& node);
void read_gaudi_rows(ExpositionReader& reader, VendorNode& node);

}  // namespace reeve::wire
