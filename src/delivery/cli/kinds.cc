#include "delivery/cli/kinds.h"

#include <algorithm>

#include "delivery/cli/cells.h"
#include "delivery/cli/cluster_kinds.h"
#include "delivery/cli/json_access.h"

namespace reeve::cli {
namespace {

Cell memory_share() {
  return [](const Json& item, Timestamp) { return share_text(value_at(item, "memory_used_mib"), number_at(item, "memory_mib")); };
}

// The state that matters most: a lost or silent GPU is not "ACTIVE" to whoever looks at the list.
std::string device_state(const Json& item, Timestamp) {
  if (flag_at(item, "lost").value_or(false)) return "LOST";
  std::string state = or_dash(text_at(item, "state"));
  return flag_at(item, "stale").value_or(false) ? state + ",STALE" : state;
}

std::string node_state(const Json& item, Timestamp) {
  std::string state = or_dash(text_at(item, "state"));
  return flag_at(item, "stale").value_or(false) ? state + ",STALE" : state;
}

std::string slices(const Json& item, Timestamp) {
  if (!flag_at(item, "mig_enabled").value_or(false)) return "-";
  return std::to_string(array_at(item, "instances").size());
}

// Of a GPU in MIG mode only its slices can be given away: "2/7" of them.
std::string free_of_device(const Json& item, Timestamp) {
  if (!flag_at(item, "mig_enabled").value_or(false)) return yes_no_text(flag_at(item, "free"));
  const auto& all = array_at(item, "instances");
  const auto free = std::ranges::count_if(all, [](const Json& slice) { return flag_at(slice, "free").value_or(false); });
  return std::to_string(free) + "/" + std::to_string(all.size());
}

std::string placement(const Json& item, Timestamp) {
  const Json* place = member(item, "placement");
  return place == nullptr ? "-" : text_at(*place, "start") + ":" + text_at(*place, "size");
}

const Filter by_node{"--node", "node", "only on this node"};
const Filter by_text{"-q,--search", "q", "only where a name or model contains this text"};
const Filter only_free{"--free", "free", "only what can be allocated now", true};
const Filter only_stale{"--stale", "stale", "only what has not been seen lately", true};

Kind nodes() {
  return {"nodes",
          "node",
          {"node", "no"},
          "/api/v1/nodes",
          "Nodes with GPUs",
          "name",
          true,
          {{"--cluster", "cluster", "only of this cluster"},
           {"--state", "state", "only in this state", false, {"ACTIVE", "INACTIVE", "MAINTENANCE", "FAILED"}},
           only_stale,
           by_text},
          {{"NAME", text("name")},
           {"STATE", node_state},
           {"GPUS", count("device_count"), true},
           {"FREE", count("devices_free"), true},
           {"SLICES", count("instance_count"), true},
           {"FREE-SLICES", count("instances_free"), true},
           {"UTIL", measured("utilization_percent", percent_text), true},
           {"MEMORY",
            [](const Json& item, Timestamp) { return share_text(number_at(item, "memory_used_mib"), number_at(item, "memory_total_mib")); },
            true},
           {"POWER", measured("power_watts", watts_text), true},
           {"SEEN", age("observed_at"), true},
           {"MODELS", [](const Json& item, Timestamp) { return joined(item, "models"); }},
           {"CLUSTER", text("cluster"), false, true},
           {"ADDRESS", text("address"), false, true},
           {"SOURCE", text("source"), false, true},
           {"DRIVER", text("driver_version"), false, true},
           {"CUDA", text("cuda_version"), false, true},
           {"ERROR", text("last_error"), false, true}}};
}

Kind devices() {
  return {"devices",
          "device",
          {"device", "dev", "gpus", "gpu"},
          "/api/v1/devices",
          "GPUs",
          "id",
          true,
          {by_node,
           {"--model", "model", "only this model, by its catalogue id"},
           {"--state", "state", "only in this state", false, {"ACTIVE", "INACTIVE", "MAINTENANCE", "FAILED"}},
           only_free,
           {"--mig", "mig", "only GPUs in MIG mode", true},
           only_stale,
           by_text},
          {{"NAME", text("id")},
           {"MODEL",
            [](const Json& item, Timestamp) {
              const std::string model = text_at(item, "model");
              return or_dash(model.empty() ? text_at(item, "product_name") : model);
            }},
           {"STATE", device_state},
           {"UTIL", value("gpu_utilization_percent", percent_text), true},
           {"MEMORY", memory_share(), true},
           {"TEMP", value("gpu_temperature_celsius", celsius_text), true},
           {"POWER", value("power_watts", watts_text), true},
           {"SLICES", slices, true},
           {"FREE", free_of_device},
           {"ALLOCATION", text("allocation")},
           {"NODE", text("node"), false, true},
           {"UUID", text("uuid"), false, true},
           {"PCI", text("pci_address"), false, true},
           {"SERIAL", text("serial"), false, true},
           {"DRIVER", text("driver_version"), false, true},
           {"SOURCE", text("source"), false, true},
           {"SEEN", age("observed_at"), true, true}}};
}

Kind instances() {
  return {"instances",
          "instance",
          {"instance", "inst", "slices", "slice", "mig"},
          "/api/v1/instances",
          "MIG slices",
          "id",
          true,
          {by_node,
           {"--device", "device", "only on this GPU"},
           {"--profile", "profile", "only of this MIG profile, as in 1g.10gb"},
           only_free,
           by_text},
          {{"NAME", text("id")},
           {"PROFILE", text("profile")},
           {"START:SIZE", placement},
           {"MEMORY", memory_share(), true},
           {"BUSY",
            [](const Json& item, Timestamp) {
              const auto ratio = value_at(item, "graphics_engine_active_ratio");
              return percent_text(ratio ? std::optional(*ratio * 100) : value_at(item, "gpu_utilization_percent"));
            },
            true},
           {"FREE", yes_no("free")},
           {"ALLOCATION", text("allocation")},
           {"DEVICE", text("device"), false, true},
           {"NODE", text("node"), false, true},
           {"GI", count("gpu_instance_id"), true, true},
           {"CI", count("compute_instance_id"), true, true},
           {"UUID", text("uuid"), false, true}}};
}

Kind allocations() {
  return {"allocations",
          "allocation",
          {"allocation", "alloc"},
          "/api/v1/allocations",
          "Who holds what, and who held it",
          "id",
          true,
          {{"--status", "status", "only with this status", false, {"PENDING", "ALLOCATED", "RELEASED", "FAILED", "EXPIRED"}},
           {"-n,--namespace", "namespace", "only of this Kubernetes namespace"},
           {"--team", "team", "only of this team"},
           {"--user", "user", "only of this user"},
           by_node,
           {"--resource", "resource", "only of this GPU or slice"},
           by_text},
          {{"ID", text("id")},
           {"NAMESPACE", text("namespace")},
           {"POD", text("pod")},
           {"STATUS", text("status")},
           {"RESOURCE", text("resource")},
           {"MEMORY",
            [](const Json& item, Timestamp) {
              const std::string gb = text_at(item, "allocated_memory_gb");
              return gb.empty() ? "-" : gb + "GB";
            },
            true},
           {"TEAM", text("team")},
           {"COST/H", usd("cost_per_hour_usd"), true},
           {"AGE", age("allocated_at"), true},
           {"USER", text("user"), false, true},
           {"PROJECT", text("project"), false, true},
           {"NODE", text("node"), false, true},
           {"CONTAINER", text("container"), false, true},
           {"WORKLOAD", text("workload_type"), false, true},
           {"PRIORITY", text("priority"), false, true},
           {"ENDS", age("planned_release_at"), true, true},
           {"ENDED", age("released_at"), true, true},
           {"TOTAL", usd("total_cost_usd"), true, true},
           {"LABELS", labels, false, true}}};
}

Kind models() {
  return {"models",
          "model",
          {"model"},
          "/api/v1/models",
          "GPU models of the catalogue",
          "id",
          true,
          {{"--vendor", "vendor", "only of this vendor, as in NVIDIA"}, by_text},
          {{"ID", text("id")},
           {"NAME", text("name")},
           {"VENDOR", text("vendor")},
           {"ARCHITECTURE", text("architecture")},
           {"MEMORY",
            [](const Json& item, Timestamp) {
              const std::string gb = text_at(item, "memory_gb");
              return gb.empty() ? "-" : gb + "GB";
            },
            true},
           {"TDP", measured("tdp_watts", watts_text), true},
           {"PARTITION", text("partition")},
           {"SLICES", count("max_instances"), true},
           {"PRICE/H", usd("price_per_hour_usd"), true},
           {"YEAR", text("release_year"), true, true},
           {"MEMORY-TYPE", text("memory_type"), false, true},
           {"INTERCONNECT", text("interconnect"), false, true}}};
}

Kind events() {
  return {"events",
          "event",
          {"event", "ev"},
          "/api/v1/events",
          "Xid events of GPUs",
          "",
          false,
          {{"--device", "device", "only of this GPU"},
           {"--from", "from", "from this time on, as in 2026-11-24T00:00:00Z"},
           {"--to", "to", "before this time"}},
          {{"AT", text("at")},
           {"AGE", age("at"), true},
           {"DEVICE", text("device")},
           {"XID", count("code"), true},
           {"GI", count("gpu_instance_id"), true},
           {"UUID", text("uuid"), false, true}}};
}

Kind targets() {
  return {"targets",
          "target",
          {"target"},
          "/api/v1/targets",
          "Where GPUs are observed, and how the last look went",
          "",
          false,
          {},
          {{"URL", text("url")},
           {"KIND", text("kind")},
           {"NODE", text("node")},
           {"LAST-ATTEMPT", age("last_attempt"), true},
           {"LAST-SUCCESS", age("last_success"), true},
           {"TOOK",
            [](const Json& item, Timestamp) {
              const auto took = number_at(item, "duration_ms");
              return took ? count_text(took) + "ms" : "-";
            },
            true},
           {"ERROR", text("last_error")},
           {"CLUSTER", text("cluster"), false, true}}};
}

Kind jobs() {
  return {"jobs",
          "job",
          {"job"},
          "/api/v1/jobs",
          "Long work of the server and how far it is",
          "",
          false,
          {},
          {{"ID", text("id")},
           {"NAME", text("name")},
           {"STATE", text("state")},
           {"DONE",
            [](const Json& item, Timestamp) {
              return count_text(number_at(item, "done")) + "/" + count_text(number_at(item, "total")) + " " + text_at(item, "unit");
            },
            true},
           {"STARTED", age("started_at"), true},
           {"DETAIL", text("detail")}}};
}

Kind audit() {
  return {
      "audit",
      "record",
      {},
      "/api/v1/audit",
      "What was changed, by whom",
      "",
      false,
      {{"--subject", "subject", "only about this device, node or allocation"}},
      {{"AT", text("at")}, {"ACTOR", text("actor")}, {"ACTION", text("action")}, {"SUBJECT", text("subject")}, {"DETAIL", text("detail")}}};
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = [] {
    std::vector<Kind> made{nodes(), devices(), instances(), allocations(), models(), events(), targets(), jobs(), audit()};
    for (Kind& kind : cluster_kinds()) made.push_back(std::move(kind));
    return made;
  }();
  return all;
}

const Kind* find_kind(std::string_view name_or_alias) {
  const auto found = std::ranges::find_if(kinds(), [name_or_alias](const Kind& kind) {
    return kind.name == name_or_alias || std::ranges::find(kind.aliases, name_or_alias) != kind.aliases.end();
  });
  return found == kinds().end() ? nullptr : &*found;
}

std::string name_of(const Kind& kind, const Json& item) {
  std::string name = kind.id_field.empty() ? std::string() : text_at(item, kind.id_field);
  return kind.namespaced && !name.empty() ? text_at(item, "namespace") + "/" + name : name;
}

std::string path_of(const Kind& kind, const std::string& name) {
  const auto slash = kind.namespaced ? name.find('/') : std::string::npos;
  if (slash == std::string::npos) return kind.path + "/" + percent_encoded(name);
  return kind.path + "/" + percent_encoded(name.substr(0, slash)) + "/" + percent_encoded(name.substr(slash + 1));
}

std::vector<Column> columns_of(const Kind& kind, bool wide) {
  std::vector<Column> columns;
  for (const Field& field : kind.fields)
    if (wide || !field.wide) columns.push_back({field.title, field.right});
  return columns;
}

Row row_of(const Kind& kind, const Json& item, bool wide, Timestamp now) {
  Row row;
  for (const Field& field : kind.fields)
    if (wide || !field.wide) row.push_back(field.cell(item, now));
  return row;
}

}  // namespace reeve::cli
