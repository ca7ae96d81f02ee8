// Intel's xpumd (XPU Manager 2), an OpenTelemetry Collector: hw.* of the semantic conventions in Prometheus' spelling.
//
// A GPU is its PCI address on its node, "INTEL-<node>-<address>": an address alone is not unique, and hw_id is that of
// a sensor in some releases. Rows of single tiles (com_intel_subdevice_id) are not the GPU's and are passed over, but
// for memory, which is summed over modules. Ratios become percent, bytes MiB, joules mJ, hertz MHz.

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "wire/exposition/vendor_node.h"

namespace reeve::wire {
namespace {

using enum Metric;

constexpr double mib = 1024.0 * 1024.0;

// Which rows of a name count: where a label has the value; "" is a row that lacks the label.
struct IntelRow {
  VendorRow row;
  std::string_view label{};
  std::string_view value{};
};

constexpr std::array rows{
    IntelRow{{.name = "hw_power_watts", .metric = power_usage, .rank = 3, .zero_is_absent = true}, "hw_sensor_location", "card"},
    IntelRow{{.name = "hw_power_watts", .metric = power_usage, .rank = 2, .zero_is_absent = true}, "hw_sensor_location", "package"},
    IntelRow{{.name = "hw_power_watts", .metric = power_usage, .rank = 1, .zero_is_absent = true}, "hw_sensor_location", "gpu"},
    IntelRow{{.name = "hw_power_watts", .metric = power_usage, .rank = 0, .zero_is_absent = true}, "hw_sensor_location", ""},
    IntelRow{{.name = "hw_energy_joules_total", .metric = total_energy, .scale = 1e3, .rank = 3}, "hw_sensor_location", "card"},
    IntelRow{{.name = "hw_energy_joules_total", .metric = total_energy, .scale = 1e3, .rank = 2}, "hw_sensor_location", "package"},
    IntelRow{{.name = "hw_energy_joules_total", .metric = total_energy, .scale = 1e3, .rank = 1}, "hw_sensor_location", "gpu"},
    IntelRow{{.name = "hw_energy_joules_total", .metric = total_energy, .scale = 1e3, .rank = 0}, "hw_sensor_location", ""},
    IntelRow{{.name = "hw_temperature_celsius", .metric = gpu_temperature, .rank = 1, .zero_is_absent = true}, "hw_sensor_location", "gpu"},
    IntelRow{{.name = "hw_temperature_celsius", .metric = gpu_temperature, .rank = 0, .zero_is_absent = true}, "hw_sensor_location", ""},
    IntelRow{{.name = "hw_temperature_celsius", .metric = memory_temperature, .zero_is_absent = true}, "hw_sensor_location", "memory"},
    IntelRow{{.name = "hw_frequency_hertz", .metric = sm_clock, .scale = 1e-6, .rank = 1}, "hw_frequency_domain", "gpu"},
    IntelRow{{.name = "hw_frequency_hertz", .metric = sm_clock, .scale = 1e-6, .rank = 0}, "hw_frequency_domain", ""},
    IntelRow{{.name = "hw_frequency_hertz", .metric = memory_clock, .scale = 1e-6}, "hw_frequency_domain", "memory"},
    IntelRow{{.name = "hw_gpu_utilization_ratio", .metric = gpu_utilization, .scale = 100, .rank = 2}, "hw_gpu_task", "all"},
    IntelRow{{.name = "hw_gpu_utilization_ratio", .metric = gpu_utilization, .scale = 100, .rank = 1}, "hw_gpu_task", ""},
    IntelRow{{.name = "hw_gpu_utilization_ratio", .metric = gpu_utilization, .scale = 100, .rank = 0}, "hw_gpu_task", "compute-all"},
    IntelRow{{.name = "hw_memory_bandwidth_utilization_ratio", .metric = memory_copy_utilization, .scale = 100, .rank = 1},
             "hw_memory_location",
             "device"},
    IntelRow{{.name = "hw_memory_bandwidth_utilization_ratio", .metric = memory_copy_utilization, .scale = 100, .rank = 0},
             "hw_memory_location",
             ""},
};
constexpr VendorRow memory_size{.name = "hw_memory_size_bytes", .metric = memory_total, .scale = 1 / mib, .zero_is_absent = true};
constexpr VendorRow memory_usage{.name = "hw_memory_usage_bytes", .metric = memory_used, .scale = 1 / mib};

// The highest, the lowest and the like of an interval are no readings of now.
bool is_of_now(std::span<const ExpositionLabel> labels) {
  for (const std::string_view name : {"statistic", "aggregation"}) {
    const std::string_view value = word_of(labels, name);
    if (!value.empty() && value != "avg" && value != "mean" && value != "current") return false;
  }
  return true;
}

class IntelRows {
 public:
  explicit IntelRows(VendorNode& node) : node_(node) {}

  void add(const ExpositionSample& sample) {
    if (!sample.name.starts_with("hw_")) return;
    const std::string_view address = word_of(sample.labels, "pci_bdf");
    if (address.empty()) return;  // of a CPU, a disk: the collector may serve those as well
    note_node(sample.labels);
    const auto position = device_of(sample.labels, address);
    if (!position) return node_.drop_row();
    node_.holders().note_labels(*position, RowLabels(sample.labels), std::nullopt);
    if (sample.name == memory_size.name || sample.name == memory_usage.name) return add_memory(sample, *position);
    if (!word_of(sample.labels, "com_intel_subdevice_id").empty() || !is_of_now(sample.labels)) return;
    for (const IntelRow& row : rows)
      if (row.row.name == sample.name && word_of(sample.labels, row.label) == row.value) node_.set(*position, row.row, sample.value);
  }

  void finish() {
    for (const auto& [place, sum] : memory_) {
      const auto& [position, is_usage, is_of_tile] = place;
      node_.set(position, is_usage ? memory_usage : memory_size, sum);  // the GPU's own come before its tiles'
    }
    std::vector<std::pair<std::string, std::size_t>> order;
    std::vector<DeviceObservation>& devices = node_.node().devices;
    for (std::size_t i = 0; i < devices.size(); ++i) order.emplace_back(devices[i].pci_address, i);
    std::ranges::sort(order);
    for (std::size_t i = 0; i < order.size(); ++i) devices[order[i].second].index = static_cast<int>(i);
    for (DeviceObservation& device : devices) device.uuid.text = fmt::format("INTEL-{}-{}", node_.node().node.text, device.pci_address);
  }

 private:
  void note_node(std::span<const ExpositionLabel> labels) {
    NodeName& node = node_.node().node;
    for (const std::string_view name : {"node", "hostname", "host_name"})
      if (node.empty()) node.text = word_of(labels, name);
  }

  std::optional<std::size_t> device_of(std::span<const ExpositionLabel> labels, std::string_view address) {
    const auto position = node_.device(address, address);  // its name comes when the node's is known
    if (!position) return std::nullopt;
    DeviceObservation& device = node_.at(*position);
    device.pci_address = address;
    if (device.product_name.empty()) device.product_name = text_of(labels, "hw_model");
    if (device.serial.empty()) device.serial = text_of(labels, "hw_serial_number");
    std::string& driver = node_.node().driver_version;
    if (driver.empty()) driver = text_of(labels, "hw_driver_version");
    return position;
  }

  void add_memory(const ExpositionSample& sample, std::size_t position) {
    const std::string_view location = word_of(sample.labels, "hw_memory_location");
    const std::string_view state = word_of(sample.labels, "hw_state");
    if ((!location.empty() && location != "device") || (!state.empty() && state != "used")) return;
    const bool is_of_tile = !word_of(sample.labels, "com_intel_subdevice_id").empty();
    if (sample.value >= 0) memory_[{position, sample.name == memory_usage.name, is_of_tile}] += sample.value;
  }

  VendorNode& node_;
  std::map<std::tuple<std::size_t, bool, bool>, double> memory_{};  // bytes, by device, whether used, whether of tiles
};

}  // namespace

void read_intel_rows(ExpositionReader& reader, VendorNode& node) {
  IntelRows intel(node);
  while (const ExpositionSample* sample = reader.next()) intel.add(*sample);
  intel.finish();
}

}  // namespace reeve::wire
