#include "delivery/cli/describe_cluster.h"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "delivery/cli/cells.h"
#include "delivery/cli/cluster_kinds.h"
#include "delivery/cli/describe.h"
#include "delivery/cli/json_access.h"
#include "delivery/cli/lines.h"

namespace reeve::cli {
namespace {

// A resource's amount as kubectl describes it: "500m", "512MiB", "2".
std::string amount_text(std::string_view name, std::optional<double> amount) {
  if (name == "cpu") return cores_text(amount);
  if (name == "memory" || name.ends_with("-storage") || name.starts_with("hugepages-")) return bytes_text(amount);
  return count_text(amount);
}

// One line a resource; a column for each of `lists`, fields of the item.
std::string resources_of(const Json& item, const std::vector<std::pair<std::string, std::string>>& lists) {
  std::vector<Column> columns{{"RESOURCE"}};
  std::vector<Row> rows;
  for (const auto& [title, field] : lists) {
    columns.push_back({title, true});
    const Json* amounts = member(item, field);
    if (amounts == nullptr || !amounts->is_object()) continue;
    for (const auto& [name, amount] : amounts->get_object())
      if (std::ranges::find(rows, std::string(name), [](const Row& row) { return row.front(); }) == rows.end())
        rows.push_back({std::string(name)});
  }
  for (Row& row : rows)
    for (const auto& [title, field] : lists) {
      const Json* amounts = member(item, field);
      row.push_back(amount_text(row.front(), amounts == nullptr ? std::nullopt : number_at(*amounts, row.front())));
    }
  return section("Resources", columns, rows);
}

std::string containers_of(const Json& pod, Timestamp now) {
  std::vector<Row> rows;
  for (const Json& container : array_at(pod, "containers"))
    rows.push_back({text_at(container, "name"), or_dash(text_at(container, "state")), or_dash(text_at(container, "reason")),
                    yes_no_text(flag_at(container, "ready")), count_text(number_at(container, "restarts")),
                    age_text(time_at(container, "started_at"), now), or_dash(text_at(container, "image"))});
  return section("Containers", {{"NAME"}, {"STATE"}, {"REASON"}, {"READY"}, {"RESTARTS", true}, {"STARTED", true}, {"IMAGE"}}, rows);
}

std::string devices_of(const Json& pod, Timestamp now) {
  std::vector<Row> rows;
  for (const Json& device : array_at(pod, "devices"))
    rows.push_back({text_at(device, "resource"), or_dash(text_at(device, "container")), count_text(number_at(device, "replica")),
                    joined(device, "sources"), age_text(time_at(device, "since"), now)});
  return section("Devices", {{"RESOURCE"}, {"CONTAINER"}, {"SHARE", true}, {"SOURCES"}, {"AGE", true}}, rows);
}

std::string value_text(std::string_view name, double value) {
  return name.ends_with("_seconds") ? seconds_text(value) : measure_text(name, value);
}

std::string serving_of(const Json& pod, Timestamp now) {
  const Json* server = member(pod, "serving");
  if (server == nullptr) return {};
  Lines lines;
  lines.add_text("Serves", *server, "model");
  lines.add_text("Served as", *server, "served_model");
  lines.add_text("Engine", *server, "engine");
  lines.add_text("Model version", *server, "model_version");
  lines.add_time("Asked", *server, "at", now);
  lines.add_text("Last error", *server, "last_error");
  std::vector<Row> rows;
  if (const Json* values = member(*server, "values"); values != nullptr && values->is_object())
    for (const auto& [name, value] : values->get_object())
      if (value.is_number()) rows.push_back({std::string(name), value_text(name, value.to_number<double>())});
  return lines.text() + section("Serving", {{"METRIC"}, {"VALUE", true}}, rows);
}

void add_labels(Lines& lines, const Json& item) {
  const Json* all = member(item, "labels");
  if (all == nullptr || !all->is_object()) return;
  for (const auto& [key, value] : all->get_object()) lines.add("Label", fmt::format("{}={}", std::string_view(key), plain_text(value)));
}

void add_usage(Lines& lines, const Json& item) {
  const Json* usage = member(item, "usage");
  if (usage == nullptr) return;
  lines.add("Usage", fmt::format("cpu {}, memory {}", cores_text(number_at(*usage, "cpu")), bytes_text(number_at(*usage, "memory"))));
}

std::string conditions_of(const Json& node, Timestamp now) {
  std::vector<Row> rows;
  for (const Json& condition : array_at(node, "conditions"))
    rows.push_back({text_at(condition, "type"), text_at(condition, "status"), or_dash(text_at(condition, "reason")),
                    age_text(time_at(condition, "since"), now), or_dash(text_at(condition, "message"))});
  return section("Conditions", {{"TYPE"}, {"STATUS"}, {"REASON"}, {"AGE", true}, {"MESSAGE"}}, rows);
}

std::string pods_of(const Json& node) {
  std::vector<Row> rows;
  for (const Json& pod : array_at(node, "pod_list"))
    rows.push_back({text_at(pod, "namespace"), text_at(pod, "name"), text_at(pod, "phase"), count_text(number_at(pod, "gpu_requests"))});
  return section("Pods", {{"NAMESPACE"}, {"NAME"}, {"PHASE"}, {"GPUS", true}}, rows);
}

}  // namespace

std::string describe_pod(const Json& pod, Timestamp now) {
  Lines lines;
  lines.add_text("Name", pod, "name");
  lines.add_text("Namespace", pod, "namespace");
  lines.add("Status", pod_status(pod));
  lines.add_text("Unschedulable", pod, "unschedulable");
  lines.add_text("Node", pod, "node");
  lines.add_text("IP", pod, "ip");
  if (const Json* owner = member(pod, "controller")) lines.add("Controlled by", text_at(*owner, "kind") + "/" + text_at(*owner, "name"));
  lines.add_text("Service account", pod, "service_account");
  lines.add_text("Priority class", pod, "priority_class");
  lines.add_time("Created", pod, "created_at", now);
  lines.add_time("Started", pod, "started_at", now);
  lines.add_time("Deleted", pod, "deleted_at", now);
  lines.add_text("UID", pod, "uid");
  add_usage(lines, pod);
  for (const Json& allocation : array_at(pod, "allocations")) lines.add("Allocation", plain_text(allocation));
  add_labels(lines, pod);
  return lines.text() + containers_of(pod, now) + resources_of(pod, {{"REQUESTS", "requests"}, {"LIMITS", "limits"}}) +
         devices_of(pod, now) + serving_of(pod, now);
}

std::string describe_cluster_node(const Json& node, Timestamp now) {
  Lines lines;
  lines.add_text("Name", node, "name");
  lines.add("Status", cluster_node_status(node));
  lines.add("Roles", joined(node, "roles"));
  lines.add_time("Created", node, "created_at", now);
  lines.add_text("Internal IP", node, "internal_ip");
  lines.add_text("Kubelet", node, "kubelet_version");
  lines.add_text("Runtime", node, "container_runtime");
  lines.add_text("OS", node, "os_image");
  lines.add_text("Kernel", node, "kernel_version");
  lines.add_text("Architecture", node, "architecture");
  if (const Json* gpus = member(node, "gpus"))
    lines.add("GPUs", fmt::format("{} allocatable, {} requested, {} held", count_text(number_at(*gpus, "allocatable")),
                                  count_text(number_at(*gpus, "requested")), count_text(number_at(*gpus, "held"))));
  lines.add("Observed GPUs", joined(node, "device_list"));
  for (const Json& taint : array_at(node, "taints")) {
    const std::string value = text_at(taint, "value");
    lines.add("Taint", text_at(taint, "key") + (value.empty() ? "" : "=" + value) + ":" + text_at(taint, "effect"));
  }
  add_usage(lines, node);
  add_labels(lines, node);
  return lines.text() + conditions_of(node, now) +
         resources_of(node, {{"CAPACITY", "capacity"}, {"ALLOCATABLE", "allocatable"}, {"REQUESTED", "requested"}}) + pods_of(node);
}

}  // namespace reeve::cli
