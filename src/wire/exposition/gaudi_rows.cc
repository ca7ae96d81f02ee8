// Habana's metric-exporter (port 41611). A device is its UUID label, "GAUDI-<serial>" where there is none.
//
// Power is in mW, memory in bytes. habanalabs_energy has no documented unit and is not read. The thresholds are
// limits, not readings. habanalabs_kube_info names the node, and the exporter's own pod, which holds nothing.

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "base/parse.h"
#include "wire/exposition/vendor_node.h"

namespace reeve::wire {
namespace {

using enum Metric;

constexpr double mib = 1024.0 * 1024.0;

constexpr std::array rows{
    VendorRow{.name = "habanalabs_utilization", .metric = gpu_utilization},
    VendorRow{.name = "habanalabs_memory_used_bytes", .metric = memory_used, .scale = 1 / mib},
    VendorRow{.name = "habanalabs_memory_free_bytes", .metric = memory_free, .scale = 1 / mib},
    VendorRow{.name = "habanalabs_memory_total_bytes", .metric = memory_total, .scale = 1 / mib, .zero_is_absent = true},
    VendorRow{.name = "habanalabs_power_mW", .metric = power_usage, .scale = 1e-3, .zero_is_absent = true},
    VendorRow{.name = "habanalabs_power_default_limit_mW", .metric = power_limit_default, .scale = 1e-3, .zero_is_absent = true},
    VendorRow{.name = "habanalabs_temperature_onchip", .metric = gpu_temperature, .zero_is_absent = true},
    VendorRow{.name = "habanalabs_temperature_threshold_gpu", .metric = gpu_max_temperature, .zero_is_absent = true},
    VendorRow{.name = "habanalabs_temperature_threshold_memory", .metric = memory_max_temperature, .zero_is_absent = true},
    VendorRow{.name = "habanalabs_temperature_threshold_slowdown", .metric = slowdown_temperature, .zero_is_absent = true},
    VendorRow{.name = "habanalabs_temperature_threshold_shutdown", .metric = shutdown_temperature, .zero_is_absent = true},
    VendorRow{.name = "habanalabs_clock_soc_mhz", .metric = sm_clock, .zero_is_absent = true},
    VendorRow{.name = "habanalabs_pcie_replay_count", .metric = pcie_replays},
    VendorRow{.name = "habanalabs_pci_link_width", .metric = pcie_link_width, .zero_is_absent = true},
};

void note_node(NodeObservation& node, const ExpositionSample& sample) {
  for (const std::string_view name : {"node", "hostname"})
    if (node.node.empty()) node.node.text = word_of(sample.labels, name);
}

std::optional<std::size_t> device_of(VendorNode& node, std::span<const ExpositionLabel> labels) {
  std::string_view serial = word_of(labels, "Serial");
  if (serial.empty()) serial = word_of(labels, "device");
  std::string_view uuid = word_of(labels, "UUID");
  if (uuid.empty()) uuid = word_of(labels, "uuid");
  if (uuid.empty() && serial.empty()) return std::nullopt;
  const std::string id = uuid.empty() ? fmt::format("GAUDI-{}", serial) : std::string(uuid);
  const auto position = node.device(id, id);
  if (!position) return std::nullopt;
  DeviceObservation& device = node.at(*position);
  if (device.serial.empty()) {
    device.serial = serial;
    const auto number = parse_number<int>(word_of(labels, "id"));
    device.index = number && *number >= 0 ? *number : static_cast<int>(*position);
  }
  if (node.node().driver_version.empty()) node.node().driver_version = text_of(labels, "driver");
  return position;
}

}  // namespace

void read_gaudi_rows(ExpositionReader& reader, VendorNode& node) {
  while (const ExpositionSample* sample = reader.next()) {
    if (sample->name == "habanalabs_kube_info") note_node(node.node(), *sample);
    const auto* row = std::ranges::find(rows, sample->name, &VendorRow::name);
    if (row == rows.end()) continue;
    note_node(node.node(), *sample);
    const auto position = device_of(node, sample->labels);
    if (!position) {
      node.drop_row();
      continue;
    }
    node.holders().note_labels(*position, RowLabels(sample->labels), std::nullopt);
    node.set(*position, *row, sample->value);
  }
}

}  // namespace reeve::wire
