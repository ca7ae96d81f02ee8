// AMD's device-metrics-exporter (port 5000). Names may have a prefix of the user's, "amd_" in AMD's own examples.
//
// A GPU is its serial number: "AMD-<serial>", or "AMD-<node>-<gpu_id>" where the exporter has none. In a partitioned
// mode each partition has rows of its own under the GPU's serial number: they become slices (gpu_partition_id is the
// slice's number, "cpx_nps4" its profile), and what is the GPU's (power, energy, temperature, clocks) is taken from
// partition 0 only, since the others print zeros. What the exporter calls MB is MiB: 206,141,652,992 bytes of the
// kernel are its 196,592.

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include <fmt/format.h>

#include "base/parse.h"
#include "wire/exposition/vendor_node.h"

namespace reeve::wire {
namespace {

using enum Metric;

constexpr std::array rows{
    VendorRow{.name = "gpu_gfx_activity", .metric = gpu_utilization, .of_slice = true},
    VendorRow{.name = "gpu_umc_activity", .metric = memory_copy_utilization, .of_slice = true},
    VendorRow{.name = "gpu_total_vram", .metric = memory_total, .of_slice = true},
    VendorRow{.name = "gpu_used_vram", .metric = memory_used, .of_slice = true},
    VendorRow{.name = "gpu_free_vram", .metric = memory_free, .of_slice = true},
    VendorRow{.name = "gpu_package_power", .metric = power_usage, .rank = 2, .zero_is_absent = true},
    VendorRow{.name = "gpu_average_package_power", .metric = power_usage, .rank = 1, .zero_is_absent = true},
    VendorRow{.name = "gpu_power_usage", .metric = power_usage, .rank = 0, .zero_is_absent = true},
    VendorRow{.name = "gpu_energy_consumed", .metric = total_energy, .scale = 1e-3, .zero_is_absent = true},  // uJ
    VendorRow{.name = "gpu_junction_temperature", .metric = gpu_temperature, .rank = 1, .zero_is_absent = true},
    VendorRow{.name = "gpu_edge_temperature", .metric = gpu_temperature, .rank = 0, .zero_is_absent = true},
    VendorRow{.name = "gpu_memory_temperature", .metric = memory_temperature, .zero_is_absent = true},
    VendorRow{.name = "pcie_replay_count", .metric = pcie_replays},
};
constexpr VendorRow engine_clock{.name = "gpu_clock", .metric = sm_clock, .zero_is_absent = true};
constexpr VendorRow memory_clock_row{.name = "gpu_clock", .metric = memory_clock, .zero_is_absent = true};

// The engines' first clock and the memory's; the exporter has one row a clock domain and engine.
const VendorRow* row_of_clock(std::span<const ExpositionLabel> labels) {
  const std::string_view type = word_of(labels, "clock_type");
  const std::string_view index = word_of(labels, "clock_index");
  if (type == "GPU_CLOCK_TYPE_SYSTEM" && (index.empty() || index == "0")) return &engine_clock;
  return type == "GPU_CLOCK_TYPE_MEMORY" ? &memory_clock_row : nullptr;
}

const VendorRow* row_of(const ExpositionSample& sample) {
  constexpr std::string_view prefix = "amd_";
  std::string_view name = sample.name;
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  if (name == "gpu_clock") return row_of_clock(sample.labels);
  const auto* found = std::ranges::find(rows, name, &VendorRow::name);
  return found != rows.end() ? &*found : nullptr;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Empty: the GPU is whole.
std::string profile_of(std::span<const ExpositionLabel> labels) {
  const std::string compute = lower(word_of(labels, "gpu_compute_partition_type"));
  if (compute.empty() || compute == "spx") return {};
  const std::string memory = lower(word_of(labels, "gpu_memory_partition_type"));
  return memory.empty() ? compute : compute + "_" + memory;
}

class AmdRows {
 public:
  explicit AmdRows(VendorNode& node) : node_(node) {}

  void add(const ExpositionSample& sample) {
    const VendorRow* row = row_of(sample);
    if (row == nullptr) return;
    const RowLabels labels(sample.labels);
    note_node(sample.labels, labels);
    const auto position = device_of(sample.labels);
    if (!position) return node_.drop_row();
    const std::string profile = profile_of(sample.labels);
    if (profile.empty()) {
      node_.holders().note_labels(*position, labels, std::nullopt);
      return node_.set(*position, *row, sample.value);
    }
    const int id = parse_number<int>(word_of(sample.labels, "gpu_partition_id")).value_or(0);
    InstanceObservation* slice = id >= 0 ? node_.slice(*position, id) : nullptr;
    if (slice == nullptr) return node_.drop_row();
    slice->profile = profile;
    node_.holders().note_labels(*position, labels, id);
    if (row->of_slice)
      VendorNode::set(*slice, *row, sample.value);
    else if (id == 0)
      node_.set(*position, *row, sample.value);
  }

  // Numbers the GPUs as the exporter counts them; partitions are no GPUs of their own.
  void number_devices() {
    std::vector<DeviceObservation>& devices = node_.node().devices;
    std::vector<std::size_t> order(devices.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return first_ids_[i]; });
    for (std::size_t i = 0; i < order.size(); ++i) devices[order[i]].index = static_cast<int>(i);
    for (DeviceObservation& device : devices) sum_memory(device);
  }

 private:
  void note_node(std::span<const ExpositionLabel> plain, const RowLabels& labels) {
    NodeObservation& node = node_.node();
    if (node.node.empty()) node.node.text = labels.raw(RowLabel::hostname);
    if (node.driver_version.empty()) node.driver_version = text_of(plain, "driver_version");
  }

  std::optional<std::size_t> device_of(std::span<const ExpositionLabel> labels) {
    const std::string_view serial = word_of(labels, "serial_number");
    const std::string_view id = word_of(labels, "gpu_id");
    if (serial.empty() && id.empty()) return std::nullopt;
    const std::string uuid = serial.empty() ? fmt::format("AMD-{}-{}", node_.node().node.text, id) : fmt::format("AMD-{}", serial);
    const auto position = node_.device(uuid, uuid);
    if (!position) return std::nullopt;
    const int number = std::max(parse_number<int>(id).value_or(0), 0);
    if (*position < first_ids_.size()) {
      first_ids_[*position] = std::min(first_ids_[*position], number);
      return position;
    }
    first_ids_.push_back(number);
    DeviceObservation& device = node_.at(*position);
    device.serial = serial;
    device.product_name = text_of(labels, "card_series");
    if (device.product_name.empty()) device.product_name = text_of(labels, "card_model");
    return position;
  }

  // With NPS1 each partition sees the whole memory; otherwise each has its part.
  static void sum_memory(DeviceObservation& device) {
    if (device.instances.empty()) return;
    if (device.instances.front().profile.ends_with("_nps1"))
      return device.values.set(memory_total, device.instances.front().values.get(memory_total));
    for (const Metric metric : {memory_total, memory_used}) {
      double sum = 0;
      bool all = true;
      for (const InstanceObservation& slice : device.instances) {
        const auto part = slice.values.get(metric);
        all = all && part.has_value();
        sum += part.value_or(0);
      }
      if (all) device.values.set(metric, sum);
    }
  }

  VendorNode& node_;
  std::vector<int> first_ids_{};  // by position: the lowest gpu_id of its rows
};

}  // namespace

void read_amd_rows(ExpositionReader& reader, VendorNode& node) {
  AmdRows amd(node);
  while (const ExpositionSample* sample = reader.next()) amd.add(*sample);
  amd.number_devices();
}

}  // namespace reeve::wire
