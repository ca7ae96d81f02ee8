#include "delivery/agent/exposition_writer.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "wire/exposition/exposed_rows.h"
#include "wire/observation/observation_json.h"

namespace reeve {
namespace {

bool is_repeated_on_instances(Metric metric) {
  using enum Metric;
  static constexpr std::array repeated{sm_clock,    memory_clock, memory_temperature, gpu_temperature,
                                       power_usage, total_energy, pcie_replays,       last_xid};
  return std::find(repeated.begin(), repeated.end(), metric) != repeated.end();
}

std::string escaped(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// The labels of a row, between braces.
struct Row {
  const MetricValues* values = nullptr;
  std::string labels{};
  std::string pod{};  // its attributes, behind the labels; empty unless exactly one container has it
};

// dcgm-exporter's attributes of the one container that has the GPU, or that slice of it.
std::string pod_attributes(const DeviceObservation& device, std::optional<int> slice) {
  const HolderObservation* only = nullptr;
  for (const HolderObservation& holder : device.holders) {
    if (holder.gpu_instance != slice) continue;
    const bool is_same = only == nullptr ||
                         (only->pod == holder.pod && only->namespace_name == holder.namespace_name && only->container == holder.container);
    if (!is_same || holder.replica) return {};
    only = &holder;
  }
  if (only == nullptr) return {};
  return fmt::format(",container=\"{}\",namespace=\"{}\",pod=\"{}\"", escaped(only->container), escaped(only->namespace_name),
                     escaped(only->pod));
}

// The rows of one GPU.
struct DeviceRows {
  Row whole{};
  std::vector<Row> instances{};
};

class Writer {
 public:
  Writer(const AgentReport& report, const ExpositionStyle& style)
      : report_(report), node_(report.observation), openmetrics_(style.format == ExpositionFormat::openmetrics), version_(style.version) {
    hostname_ = fmt::format("{}=\"{}\"", style.old_hostname_label ? "Hostname" : "hostname", escaped(node_.node.text));
    if (!node_.driver_version.empty()) driver_ = fmt::format(",DCGM_FI_DRIVER_VERSION=\"{}\"", escaped(node_.driver_version));
  }

  std::string write() {
    for (const DeviceObservation& device : node_.devices) devices_.push_back(rows_of(device));
    for (const MetricInfo& metric : device_metrics()) write_metric(metric);
    write_state_of_devices();
    write_processes();
    write_events();
    write_holders();
    write_agent();
    if (openmetrics_) out_ += "# EOF\n";
    return std::move(out_);
  }

 private:
  DeviceRows rows_of(const DeviceObservation& device) const {
    const std::string identity =
        fmt::format("gpu=\"{0}\",UUID=\"{1}\",pci_bus_id=\"{2}\",device=\"nvidia{0}\",modelName=\"{3}\"", device.index,
                    escaped(device.uuid.text), escaped(device.pci_address), escaped(device.product_name));
    DeviceRows rows;
    rows.whole = {&device.values, fmt::format("{},{}{}", identity, hostname_, driver_),
                  device.instances.empty() ? pod_attributes(device, std::nullopt) : std::string()};
    for (const InstanceObservation& instance : device.instances) {
      // dcgm-exporter knows GPU instances only; a second compute instance in one needs a label of its own.
      const std::string part =
          instance.compute_instance_id == 0 ? std::string() : fmt::format(",GPU_I_C_ID=\"{}\"", instance.compute_instance_id);
      rows.instances.push_back({&instance.values,
                                fmt::format("{},GPU_I_PROFILE=\"{}\",GPU_I_ID=\"{}\"{},{}{}", identity, escaped(instance.profile),
                                            instance.gpu_instance_id, part, hostname_, driver_),
                                pod_attributes(device, instance.gpu_instance_id)});
    }
    return rows;
  }

  void family(std::string_view name, std::string_view type, std::string_view help) {
    std::string_view shown = name;
    if (openmetrics_) {
      // There, samples of a counter end in _total and of an info in _info, and the family's name does not.
      constexpr std::string_view total = "_total";
      constexpr std::string_view info = "_info";
      if (type == "counter") {
        if (name.ends_with(total))
          shown.remove_suffix(total.size());
        else
          type = "unknown";  // a name of dcgm-exporter: it counts more than the type
      } else if (name.ends_with(info)) {
        type = "info";
        shown.remove_suffix(info.size());
      }
    }
    fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", shown, help, shown, type);
  }

  void sample(std::string_view name, std::string_view labels, std::string_view value, std::string_view more_labels = {}) {
    out_.append(name).append("{").append(labels).append(more_labels).append("} ").append(value).append("\n");
  }

  void write_metric(const MetricInfo& metric) {
    bool begun = false;
    const auto write = [&](const Row& row, const MetricValues& values) {
      const std::optional<double> value = values.get(metric.metric);
      if (!value) return;
      if (!begun) family(metric.dcgm_name, metric.kind == MetricKind::counter ? "counter" : "gauge", metric.help);
      begun = true;
      sample(metric.dcgm_name, row.labels,
             metric.form == MetricForm::integer ? fmt::format("{}", std::llround(*value)) : fmt::format("{:.6f}", *value), row.pod);
    };
    const bool per_instance = wire::is_per_instance(metric.metric);
    for (const DeviceRows& device : devices_) {
      if (device.instances.empty()) {
        write(device.whole, *device.whole.values);
        continue;
      }
      if (!per_instance && !is_repeated_on_instances(metric.metric)) {
        write(device.whole, *device.whole.values);
        continue;
      }
      for (const Row& instance : device.instances) write(instance, per_instance ? *instance.values : *device.whole.values);
    }
  }

  void write_state_of_devices() {
    if (devices_.empty()) return;
    family("reeve_device_up", "gauge", "Whether the driver answered for this GPU.");
    for (const DeviceRows& device : devices_) sample("reeve_device_up", device.whole.labels, device.whole.values->empty() ? "0" : "1");
    family("reeve_device_lost", "gauge", "Whether this GPU fell off the bus.");
    for (std::size_t i = 0; i < devices_.size(); ++i)
      sample("reeve_device_lost", devices_[i].whole.labels, node_.devices[i].lost ? "1" : "0");
  }

  void write_processes() {
    constexpr std::string_view name = "reeve_process_memory_mib";
    bool begun = false;
    for (const DeviceObservation& device : node_.devices) {
      for (const ProcessObservation& process : device.processes) {
        if (!begun) family(name, "gauge", "GPU memory of a process (in MiB); NaN when the driver does not say.");
        begun = true;
        const std::string instance = process.gpu_instance ? fmt::format(",GPU_I_ID=\"{}\"", *process.gpu_instance) : std::string();
        const std::string part =
            process.compute_instance.value_or(0) != 0 ? fmt::format(",GPU_I_C_ID=\"{}\"", *process.compute_instance) : std::string();
        sample(name,
               fmt::format("UUID=\"{}\",gpu=\"{}\",pid=\"{}\",process_name=\"{}\"{}{},{}", escaped(device.uuid.text), device.index,
                           process.pid, escaped(process.name), instance, part, hostname_),
               process.memory ? fmt::format("{}", process.memory->count()) : "NaN");
      }
    }
  }

  void write_events() {
    if (node_.events.empty()) return;
    constexpr std::string_view name = "reeve_device_event_timestamp_seconds";
    family(name, "gauge", "When an Xid happened (in Unix seconds).");
    for (const DeviceEvent& event : node_.events) {
      const std::string instance = event.gpu_instance ? fmt::format(",GPU_I_ID=\"{}\"", *event.gpu_instance) : std::string();
      sample(name,
             fmt::format("UUID=\"{}\"{},xid=\"{}\",sequence=\"{}\",{}", escaped(event.device.text), instance, event.code, event.sequence,
                         hostname_),
             seconds(event.at));
    }
  }

  void write_holders() {
    if (!report_.kubelet_answered) return;
    constexpr std::string_view name = "reeve_pod_device_info";
    bool begun = false;
    const auto write = [&](const HolderObservation& holder, std::string_view uuid) {
      if (!begun) family(name, "gauge", "A container that has a GPU, a slice or a share of one, as the kubelet says.");
      begun = true;
      const std::string slice = holder.gpu_instance ? fmt::format(",GPU_I_ID=\"{}\"", *holder.gpu_instance) : std::string();
      const std::string share = holder.replica ? fmt::format(",replica=\"{}\"", *holder.replica) : std::string();
      sample(name,
             fmt::format("UUID=\"{}\"{},namespace=\"{}\",pod=\"{}\",container=\"{}\",resource=\"{}\",device_id=\"{}\"{},{}", escaped(uuid),
                         slice, escaped(holder.namespace_name), escaped(holder.pod), escaped(holder.container),
                         escaped(holder.resource_name), escaped(holder.device_id), share, hostname_),
             "1");
    };
    for (const DeviceObservation& device : node_.devices)
      for (const HolderObservation& holder : device.holders) write(holder, device.uuid.text);
    for (const HolderObservation& holder : node_.unplaced_holders) write(holder, "");
    family("reeve_pod_resources_up", "gauge", "Whether the kubelet said who has which GPU.");
    sample("reeve_pod_resources_up", hostname_, *report_.kubelet_answered ? "1" : "0");
  }

  void write_agent() {
    const auto one = [&](std::string_view name, std::string_view type, std::string_view help, std::string_view value) {
      family(name, type, help);
      sample(name, hostname_, value);
    };
    family("reeve_agent_inventory_info", "gauge", "Changes with the inventory at /v1/devices.");
    sample("reeve_agent_inventory_info", fmt::format("{},version=\"{}\"", hostname_, wire::inventory_fingerprint(node_)), "1");
    family("reeve_build_info", "gauge", "The program that answers.");
    sample("reeve_build_info", fmt::format("{},component=\"agent\",version=\"{}\"", hostname_, escaped(version_)), "1");
    one("reeve_agent_driver_up", "gauge", "Whether the vendor's driver can be used.", report_.error.empty() ? "1" : "0");
    one("reeve_agent_observation_timestamp_seconds", "gauge", "When these values were taken (in Unix seconds).", seconds(node_.at));
    one("reeve_agent_observation_duration_seconds", "gauge", "How long it took to take them.",
        fmt::format("{:.6f}", report_.observation_seconds));
    one("reeve_agent_observations_total", "counter", "Looks at the GPUs of this node.", fmt::format("{}", report_.observations));
    one("reeve_agent_observation_failures_total", "counter", "Looks for which the driver could not be used.",
        fmt::format("{}", report_.failures));
  }

  static std::string seconds(Timestamp at) {
    const auto ms = at.time_since_epoch().count();
    return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
  }

  const AgentReport& report_;
  const NodeObservation& node_;
  bool openmetrics_;
  const std::string& version_;
  std::string hostname_{};
  std::string driver_{};
  std::vector<DeviceRows> devices_{};
  std::string out_{};
};

}  // namespace

std::string write_exposition(const AgentReport& report, const ExpositionStyle& style) { return Writer(report, style).write(); }

std::string_view content_type(ExpositionFormat format) {
  switch (format) {
    case ExpositionFormat::prometheus: return "text/plain; version=0.0.4; charset=utf-8";
    case ExpositionFormat::openmetrics: return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  }
  return {};
}

}  // namespace reeve
