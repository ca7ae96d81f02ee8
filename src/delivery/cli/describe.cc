#include "delivery/cli/describe.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "delivery/cli/cells.h"
#include "delivery/cli/describe_cluster.h"
#include "delivery/cli/json_access.h"
#include "delivery/cli/lines.h"

namespace reeve::cli {
namespace {

constexpr int events_shown = 10;
constexpr double millijoules_per_kwh = 3.6e9;

std::string table_of(const std::string& title, const Kind& kind, const boost::json::array& items, Timestamp now) {
  std::vector<Row> rows;
  for (const Json& item : items) rows.push_back(row_of(kind, item, false, now));
  return section(title, columns_of(kind, false), rows);
}

std::string values_of(const Json& item) {
  const Json* values = member(item, "values");
  if (values == nullptr || !values->is_object() || values->get_object().empty()) return "Values: none measured\n";
  std::vector<Row> rows;
  for (const auto& [metric, value] : values->get_object())
    if (value.is_number()) rows.push_back({std::string(metric), measure_text(metric, value.to_number<double>())});
  return section("Values", {{"METRIC"}, {"VALUE", true}}, rows);
}

std::string processes_of(const Json& device) {
  std::vector<Row> rows;
  for (const Json& process : array_at(device, "processes"))
    rows.push_back({text_at(process, "pid"), or_dash(text_at(process, "name")), mib_text(number_at(process, "memory_mib")),
                    or_dash(text_at(process, "gpu_instance_id"))});
  return section("Processes", {{"PID", true}, {"NAME"}, {"MEMORY", true}, {"GI", true}}, rows);
}

// "ALLOC-1A2B3C4D: model-serving/vllm-0, team ml": a line that spares a second command.
std::string holder_of(const Api& api, const Json& item) {
  const std::string id = text_at(item, "allocation");
  if (id.empty() && flag_at(item, "mig_enabled").value_or(false)) return "none, its slices are given out one by one";
  if (id.empty()) return flag_at(item, "free").value_or(false) ? "none, free" : "none, not available";
  const auto allocation = api.get("/api/v1/allocations/" + percent_encoded(id));
  if (!allocation) return id;
  const std::string team = text_at(*allocation, "team");
  return fmt::format("{}: {}/{}{}", id, text_at(*allocation, "namespace"), text_at(*allocation, "pod"),
                     team.empty() ? "" : ", team " + team);
}

// Containers that were seen to hold it; nothing where nobody looks.
std::string seen_holders_of(const Json& item, Timestamp now) {
  std::vector<Row> rows;
  for (const Json& holder : array_at(item, "holders"))
    rows.push_back({text_at(holder, "namespace") + "/" + text_at(holder, "pod"), or_dash(text_at(holder, "container")),
                    count_text(number_at(holder, "replica")), joined(holder, "sources"), or_dash(text_at(holder, "allocation")),
                    age_text(time_at(holder, "since"), now)});
  if (rows.empty()) return {};
  return section("Seen on it", {{"POD"}, {"CONTAINER"}, {"SHARE", true}, {"SOURCES"}, {"ALLOCATION"}, {"AGE", true}}, rows);
}

std::string state_of(const Json& item) {
  std::string state = text_at(item, "state");
  if (flag_at(item, "lost").value_or(false)) state += ", lost: not on the bus, or no longer reported by its node";
  if (flag_at(item, "stale").value_or(false)) state += ", stale: not seen lately";
  return state;
}

std::string describe_node(const Api& api, const Json& node, Timestamp now) {
  Lines lines;
  lines.add_text("Name", node, "name");
  lines.add_text("Cluster", node, "cluster");
  lines.add("State", state_of(node));
  lines.add_text("Address", node, "address");
  lines.add_text("Source", node, "source");
  lines.add_time("Seen", node, "observed_at", now);
  lines.add_text("Last error", node, "last_error");
  lines.add_text("Driver", node, "driver_version");
  lines.add_text("CUDA", node, "cuda_version");
  lines.add("GPUs", fmt::format("{}, {} free", count_text(number_at(node, "device_count")), count_text(number_at(node, "devices_free"))));
  lines.add("Slices",
            fmt::format("{}, {} free", count_text(number_at(node, "instance_count")), count_text(number_at(node, "instances_free"))));
  lines.add("Utilization", percent_text(number_at(node, "utilization_percent")));
  lines.add("Memory", share_text(number_at(node, "memory_used_mib"), number_at(node, "memory_total_mib")));
  lines.add("Power", watts_text(number_at(node, "power_watts")));
  std::string text = lines.text() + table_of("Devices", *find_kind("devices"), array_at(node, "devices"), now);
  const auto held = api.list("/api/v1/allocations", {{"node", text_at(node, "name")}, {"status", "ALLOCATED"}}, std::nullopt);
  if (held) text += table_of("Allocations", *find_kind("allocations"), items_of(*held), now);
  return text;
}

std::string describe_device(const Api& api, const Json& device, Timestamp now) {
  Lines lines;
  lines.add_text("Name", device, "id");
  lines.add_text("Node", device, "node");
  lines.add_text("Index", device, "index");
  const std::string model = text_at(device, "model");
  lines.add("Model", model.empty() ? "not in the catalogue" : fmt::format("{} ({})", text_at(device, "model_name"), model));
  lines.add_text("Product", device, "product_name");
  lines.add_text("Architecture", device, "architecture");
  lines.add("State", state_of(device));
  lines.add("Holder", holder_of(api, device));
  lines.add("MIG", flag_at(device, "mig_enabled").value_or(false) ? "on" : "off");
  lines.add("Memory", mib_text(number_at(device, "memory_mib")));
  lines.add_text("UUID", device, "uuid");
  lines.add_text("Serial", device, "serial");
  lines.add_text("PCI address", device, "pci_address");
  lines.add_text("Driver", device, "driver_version");
  lines.add_text("Firmware", device, "firmware_version");
  lines.add_text("VBIOS", device, "vbios_version");
  lines.add_text("Source", device, "source");
  lines.add_time("Seen", device, "observed_at", now);
  lines.add_time("First seen", device, "first_seen", now);
  lines.add_time("Last maintenance", device, "last_maintenance", now);
  lines.add_time("Warranty ends", device, "warranty_expiry", now);
  lines.add("Purchase cost", usd_text(number_at(device, "purchase_cost_usd")));
  std::string text = lines.text() + seen_holders_of(device, now) + values_of(device);
  if (flag_at(device, "mig_enabled").value_or(false))
    text += table_of("Slices", *find_kind("instances"), array_at(device, "instances"), now);
  text += processes_of(device);
  const auto events = api.get("/api/v1/events", {{"device", text_at(device, "id")}, {"limit", fmt::to_string(events_shown)}});
  if (events) text += table_of("Events", *find_kind("events"), items_of(*events), now);
  return text;
}

std::string describe_instance(const Api& api, const Json& instance, Timestamp now) {
  Lines lines;
  lines.add_text("Name", instance, "id");
  lines.add_text("Device", instance, "device");
  lines.add_text("Node", instance, "node");
  lines.add_text("Profile", instance, "profile");
  lines.add_text("Profile id", instance, "profile_id");
  if (const Json* place = member(instance, "placement"))
    lines.add("Placement", fmt::format("start {}, size {}", text_at(*place, "start"), text_at(*place, "size")));
  lines.add("GPU instance",
            fmt::format("{}, compute instance {}", text_at(instance, "gpu_instance_id"), text_at(instance, "compute_instance_id")));
  lines.add("Memory", mib_text(number_at(instance, "memory_mib")));
  lines.add_text("UUID", instance, "uuid");
  lines.add("Holder", holder_of(api, instance));
  return lines.text() + seen_holders_of(instance, now) + values_of(instance);
}

std::string describe_allocation(const Json& allocation, Timestamp now) {
  Lines lines;
  lines.add_text("ID", allocation, "id");
  lines.add("Pod", fmt::format("{}/{}", text_at(allocation, "namespace"), text_at(allocation, "pod")));
  lines.add_text("Container", allocation, "container");
  lines.add_text("Status", allocation, "status");
  lines.add("Resource", fmt::format("{} ({})", text_at(allocation, "resource"), text_at(allocation, "resource_type")));
  lines.add_text("Node", allocation, "node");
  lines.add_text("Workload", allocation, "workload_type");
  lines.add_text("Priority", allocation, "priority");
  const std::string wanted = text_at(allocation, "requested_memory_gb");
  lines.add("Memory",
            fmt::format("{} GB{}", text_at(allocation, "allocated_memory_gb"), wanted.empty() ? "" : ", asked for " + wanted + " GB"));
  lines.add_text("User", allocation, "user");
  lines.add_text("Team", allocation, "team");
  lines.add_text("Project", allocation, "project");
  lines.add_time("Allocated", allocation, "allocated_at", now);
  lines.add_time("Planned end", allocation, "planned_release_at", now);
  lines.add_time("Ended", allocation, "released_at", now);
  lines.add("Cost per hour", usd_text(number_at(allocation, "cost_per_hour_usd")));
  lines.add("Total cost", usd_text(number_at(allocation, "total_cost_usd")));
  if (const Json* labels = member(allocation, "labels"); labels != nullptr && labels->is_object())
    for (const auto& [key, value] : labels->get_object())
      lines.add("Label", fmt::format("{}={}", std::string_view(key), plain_text(value)));
  return lines.text();
}

std::string describe_model(const Json& model) {
  Lines lines;
  if (model.is_object())
    for (const auto& [name, value] : model.get_object()) {
      std::string title(name);
      std::ranges::replace(title, '_', ' ');
      if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 32);
      std::string list;
      if (value.is_array() && name != "mig_profiles")
        for (const Json& entry : value.get_array()) list += (list.empty() ? "" : ", ") + plain_text(entry);
      lines.add(title, value.is_array() ? list : plain_text(value));
    }
  std::vector<Row> rows;
  for (const Json& profile : array_at(model, "mig_profiles")) {
    std::string starts;
    for (const Json& start : array_at(profile, "starts")) starts += (starts.empty() ? "" : ",") + plain_text(start);
    rows.push_back({or_dash(text_at(profile, "id")), text_at(profile, "name"), or_dash(text_at(profile, "gpu_slices")),
                    mib_text(number_at(profile, "memory_mib")), or_dash(text_at(profile, "max_instances")), or_dash(starts),
                    or_dash(text_at(profile, "size"))});
  }
  if (rows.empty()) return lines.text();
  return lines.text() +
         section("MIG profiles",
                 {{"ID", true}, {"NAME"}, {"GPU-SLICES", true}, {"MEMORY", true}, {"MOST", true}, {"STARTS"}, {"SIZE", true}}, rows);
}

std::string rate_text(double bytes_per_second) {
  constexpr double step = 1000;
  if (bytes_per_second < step * step) return fmt::format("{:.1f} kB/s", bytes_per_second / step);
  if (bytes_per_second < step * step * step) return fmt::format("{:.1f} MB/s", bytes_per_second / step / step);
  return fmt::format("{:.1f} GB/s", bytes_per_second / step / step / step);
}

}  // namespace

std::string measure_text(std::string_view metric, double value) {
  if (metric.ends_with("_percent")) return fmt::format("{:.4g}%", value);
  if (metric.ends_with("_ratio")) return fmt::format("{:.1f}%", value * 100);
  if (metric.ends_with("_celsius")) return celsius_text(value);
  if (metric.ends_with("_watts")) return fmt::format("{:.1f}W", value);
  if (metric.ends_with("_mib")) return mib_text(value);
  if (metric.ends_with("_mhz")) return fmt::format("{:.0f} MHz", value);
  if (metric.ends_with("_bytes_per_second")) return rate_text(value);
  if (metric.ends_with("_millijoules_total")) return fmt::format("{:.3f} kWh", value / millijoules_per_kwh);
  if (metric.ends_with("_nanoseconds_total")) return fmt::format("{:.1f} s", value / 1e9);
  if (metric.ends_with("_kib_total")) return fmt::format("{:.0f} KiB", value);
  return fmt::format("{:.15g}", value);
}

bool can_describe(const Kind& kind) { return !kind.id_field.empty() && kind.one_by_one; }

Status describe(const Session& session, const Kind& kind, const std::string& name) {
  const Api api = session.api();
  if (kind.namespaced && name.find('/') == std::string::npos)
    return Error{Errc::invalid_argument, fmt::format("cannot describe {} '{}': give it as NAMESPACE/NAME", kind.singular, name)};
  const auto item = api.get(path_of(kind, name));
  if (!item) return item.error();
  const Output output = session.output();
  const Timestamp now = session.console.now();
  if (output == Output::json || output == Output::yaml)
    print_document(session, *item);
  else if (output == Output::name)
    session.console.out << kind.singular << '/' << name_of(kind, *item) << '\n';
  else if (kind.name == "nodes")
    session.console.out << describe_node(api, *item, now);
  else if (kind.name == "devices")
    session.console.out << describe_device(api, *item, now);
  else if (kind.name == "instances")
    session.console.out << describe_instance(api, *item, now);
  else if (kind.name == "pods")
    session.console.out << describe_pod(*item, now);
  else if (kind.name == "cluster-nodes")
    session.console.out << describe_cluster_node(*item, now);
  else if (kind.name == "allocations")
    session.console.out << describe_allocation(*item, now);
  else
    session.console.out << describe_model(*item);
  return Done{};
}

}  // namespace reeve::cli
