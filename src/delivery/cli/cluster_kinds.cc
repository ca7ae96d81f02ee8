#include "delivery/cli/cluster_kinds.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "delivery/cli/cells.h"
#include "delivery/cli/json_access.h"

namespace reeve::cli {
namespace {

const Filter by_namespace{"-n,--namespace", "namespace", "only of this Kubernetes namespace"};
const Filter by_node{"--node", "node", "only on this node"};
const Filter by_text{"-q,--search", "q", "only where a name contains this text"};
const Filter by_label{"-l,--selector", "label", "only with these labels: KEY=VALUE or KEY, comma separated"};
const Filter by_engine{"--engine", "engine", "only of this engine", false, {"vllm", "sglang"}};
const Filter by_resource{"--resource", "resource", "only of this GPU, with its slices, or of this slice"};

std::string controller(const Json& item, Timestamp) {
  const Json* owner = member(item, "controller");
  return owner == nullptr ? "-" : text_at(*owner, "kind") + "/" + text_at(*owner, "name");
}

std::string held_devices(const Json& item, Timestamp) {
  std::string list;
  for (const Json& device : array_at(item, "devices")) list += (list.empty() ? "" : ",") + text_at(device, "resource");
  return or_dash(list);
}

std::string served(const Json& item, Timestamp) {
  const Json* server = member(item, "serving");
  if (server == nullptr) return "-";
  const std::string model = text_at(*server, "served_model");
  return or_dash(model.empty() ? text_at(*server, "model") : model);
}

Kind pods() {
  return {"pods",
          "pod",
          {"pod", "po"},
          "/api/v1/cluster/pods",
          "Pods of the Kubernetes cluster, and the GPUs they hold",
          "name",
          true,
          {by_namespace,
           by_node,
           {"--phase", "phase", "only in this phase", false, {"Pending", "Running", "Succeeded", "Failed", "Unknown"}},
           {"--gpu", "gpu", "only pods that ask for GPUs", true},
           {"--serving", "serving", "only pods that serve models", true},
           by_label,
           by_text},
          {{"NAMESPACE", text("namespace")},
           {"NAME", text("name")},
           {"READY", [](const Json& item, Timestamp) { return pod_ready(item); }},
           {"STATUS", [](const Json& item, Timestamp) { return pod_status(item); }},
           {"RESTARTS", count("restarts"), true},
           {"GPUS", count("gpu_requests"), true},
           {"NODE", text("node")},
           {"AGE", age("created_at"), true},
           {"IP", text("ip"), false, true},
           {"CPU", inner_measured("usage", "cpu", cores_text), true, true},
           {"MEMORY", inner_measured("usage", "memory", bytes_text), true, true},
           {"DEVICES", held_devices, false, true},
           {"SERVING", served, false, true},
           {"CONTROLLER", controller, false, true},
           {"LABELS", labels, false, true}},
          true};
}

std::string taints(const Json& item, Timestamp) {
  std::string list;
  for (const Json& taint : array_at(item, "taints")) {
    const std::string value = text_at(taint, "value");
    list += (list.empty() ? "" : ",") + text_at(taint, "key") + (value.empty() ? "" : "=" + value) + ":" + text_at(taint, "effect");
  }
  return or_dash(list);
}

Kind cluster_nodes() {
  return {"cluster-nodes",
          "cluster-node",
          {"cluster-node", "cno"},
          "/api/v1/cluster/nodes",
          "Nodes of the Kubernetes cluster: GPUs that they have, that pods ask for, that are held",
          "name",
          true,
          {{"--ready", "ready", "only nodes that are ready, or not", false, {"true", "false"}},
           {"--gpu", "gpu", "only nodes that have GPUs", true},
           by_label,
           by_text},
          {{"NAME", text("name")},
           {"STATUS", [](const Json& item, Timestamp) { return cluster_node_status(item); }},
           {"ROLES", list("roles")},
           {"AGE", age("created_at"), true},
           {"VERSION", text("kubelet_version")},
           {"GPUS", inner_count("gpus", "allocatable"), true},
           {"REQUESTED", inner_count("gpus", "requested"), true},
           {"HELD", inner_count("gpus", "held"), true},
           {"PODS", count("pods"), true},
           {"CPU", inner_measured("usage", "cpu", cores_text), true},
           {"MEMORY", inner_measured("usage", "memory", bytes_text), true},
           {"INTERNAL-IP", text("internal_ip"), false, true},
           {"OS-IMAGE", text("os_image"), false, true},
           {"KERNEL-VERSION", text("kernel_version"), false, true},
           {"CONTAINER-RUNTIME", text("container_runtime"), false, true},
           {"OBSERVED-GPUS", count("devices"), true, true},
           {"TAINTS", taints, false, true}}};
}

Kind namespaces() {
  Kind kind{"namespaces",
            "namespace",
            {"namespace", "ns"},
            "/api/v1/cluster/namespaces",
            "Namespaces, with sums over their pods",
            "name",
            true,
            {by_label, by_text},
            {{"NAME", text("name")},
             {"STATUS", text("phase")},
             {"AGE", age("created_at"), true},
             {"PODS", count("pods"), true},
             {"RUNNING", count("pods_running"), true},
             {"GPUS", count("gpu_requests"), true},
             {"HELD", count("gpus_held"), true},
             {"CPU", inner_measured("usage", "cpu", cores_text), true},
             {"MEMORY", inner_measured("usage", "memory", bytes_text), true},
             {"LABELS", labels, false, true}}};
  kind.one_by_one = false;
  return kind;
}

Kind claims() {
  Kind kind{"claims",
            "claim",
            {"claim", "resourceclaims", "resourceclaim"},
            "/api/v1/cluster/claims",
            "ResourceClaims and the devices that they got",
            "name",
            true,
            {by_namespace, {"--allocated", "allocated", "only allocated ones, or not", false, {"true", "false"}}, by_text},
            {{"NAMESPACE", text("namespace")},
             {"NAME", text("name")},
             {"STATE",
              [](const Json& item, Timestamp) {
                if (array_at(item, "devices").empty()) return "pending";
                return array_at(item, "reserved_for").empty() ? "allocated" : "allocated,reserved";
              }},
             {"DEVICES",
              [](const Json& item, Timestamp) {
                std::string list;
                for (const Json& device : array_at(item, "devices")) {
                  const std::string known = text_at(device, "resource");
                  list += (list.empty() ? "" : ",") + (known.empty() ? text_at(device, "pool") + "/" + text_at(device, "device") : known);
                }
                return or_dash(list);
              }},
             {"RESERVED-FOR", list("reserved_for")},
             {"AGE", age("created_at"), true}},
            true};
  kind.one_by_one = false;
  return kind;
}

Kind servers() {
  Kind kind{"servers",
            "server",
            {"server"},
            "/api/v1/cluster/servers",
            "Pods that serve models",
            "pod",
            true,
            {by_namespace, by_engine, {"--model", "model", "only of this model"}, by_text},
            {{"NAMESPACE", text("namespace")},
             {"POD", text("pod")},
             {"ENGINE", text("engine")},
             {"MODEL",
              [](const Json& item, Timestamp) {
                const std::string name = text_at(item, "served_model");
                return or_dash(name.empty() ? text_at(item, "model") : name);
              }},
             {"RUNNING", value("requests_running", count_text), true},
             {"WAITING", value("requests_waiting", count_text), true},
             {"TOKENS/S", value("generation_tokens_per_second", per_second_text), true},
             {"PROMPT/S", value("prompt_tokens_per_second", per_second_text), true},
             {"TTFT-P95", value("time_to_first_token_p95_seconds", seconds_text), true},
             {"KV-CACHE", value("kv_cache_usage_ratio", ratio_text), true},
             {"SEEN", age("at"), true},
             {"GPUS", list("gpus")},
             {"ERROR", text("last_error")},
             {"NODE", text("node"), false, true},
             {"ITL-P95", value("inter_token_latency_p95_seconds", seconds_text), true, true},
             {"PREFIX-HITS", value("prefix_cache_hit_ratio", ratio_text), true, true},
             {"VERSION", text("model_version"), false, true}},
            true};
  kind.one_by_one = false;
  return kind;
}

Kind models_served() {
  Kind kind{"models-served",
            "model-served",
            {"model-served"},
            "/api/v1/cluster/models",
            "Models that are served, over all their servers",
            "model",
            true,
            {by_engine, by_text},
            {{"MODEL", text("model")},
             {"ENGINES", list("engines")},
             {"SERVERS",
              [](const Json& item, Timestamp) {
                return count_text(number_at(item, "servers_answering")) + "/" + count_text(number_at(item, "servers"));
              }},
             {"GPUS", count("gpus"), true},
             {"RUNNING", count("requests_running"), true},
             {"WAITING", count("requests_waiting"), true},
             {"TOKENS/S", measured("generation_tokens_per_second", per_second_text), true},
             {"PROMPT/S", measured("prompt_tokens_per_second", per_second_text), true},
             {"TTFT-P95", measured("time_to_first_token_p95_seconds", seconds_text), true},
             {"KV-CACHE", measured("kv_cache_usage_ratio", ratio_text), true}}};
  kind.one_by_one = false;
  return kind;
}

Kind holdings() {
  return {"holdings",
          "holding",
          {"holding"},
          "/api/v1/cluster/holdings",
          "Who really holds which GPU or slice, and who says so",
          "",
          true,
          {by_namespace, by_node, by_resource, {"--pod", "pod", "only of pods of this name"}, {"--team", "team", "only of this team"}},
          {{"RESOURCE", text("resource")},
           {"NAMESPACE", text("namespace")},
           {"POD", text("pod")},
           {"CONTAINER", text("container")},
           {"SHARE", text("replica"), true},
           {"SOURCES", list("sources")},
           {"ALLOCATION", text("allocation")},
           {"AGE", age("since"), true},
           {"NODE", text("node"), false, true},
           {"TEAM", text("team"), false, true},
           {"USER", text("user"), false, true},
           {"PROJECT", text("project"), false, true}}};
}

Kind conflicts() {
  return {"conflicts",
          "conflict",
          {"conflict"},
          "/api/v1/cluster/conflicts",
          "Where sources or allocations do not agree on who holds what",
          "",
          true,
          {{"--kind", "kind", "only of this kind", false, {"sources-disagree", "held-by-another", "not-seen", "pod-gone"}},
           by_node,
           by_resource},
          {{"KIND", text("kind")},
           {"RESOURCE", text("resource")},
           {"ALLOCATION", text("allocation")},
           {"AGE", age("since"), true},
           {"DETAIL", text("detail")},
           {"NODE", text("node"), false, true}}};
}

Cell evidence(const char* name) {
  return [name](const Json& item, Timestamp) {
    const Json* seen = member(item, "evidence");
    return seen == nullptr ? "-" : or_dash(text_at(*seen, name));
  };
}

Kind unplaced() {
  return {"unplaced",
          "evidence",
          {},
          "/api/v1/cluster/unplaced",
          "Evidence of holders that names no device that is known",
          "",
          true,
          {by_node},
          {{"NODE", text("node")},
           {"SOURCE", evidence("source")},
           {"NAMESPACE", evidence("namespace")},
           {"POD", evidence("pod")},
           {"DEVICE-ID", evidence("device_id")},
           {"WHY", text("why")}}};
}

}  // namespace

std::string pod_ready(const Json& pod) {
  const auto& containers = array_at(pod, "containers");
  const auto ready = std::ranges::count_if(containers, [](const Json& container) { return flag_at(container, "ready").value_or(false); });
  return std::to_string(ready) + "/" + std::to_string(containers.size());
}

std::string pod_status(const Json& pod) {
  if (!text_at(pod, "deleted_at").empty()) return "Terminating";
  if (const std::string reason = text_at(pod, "reason"); !reason.empty()) return reason;
  std::string status = text_at(pod, "phase");
  for (const Json& container : array_at(pod, "containers"))
    if (const std::string reason = text_at(container, "reason"); !reason.empty() && text_at(container, "state") != "Running")
      status = reason;
  return status == "Succeeded" ? "Completed" : or_dash(status);
}

std::string cluster_node_status(const Json& node) {
  const std::string ready = flag_at(node, "ready").value_or(false) ? "Ready" : "NotReady";
  return flag_at(node, "unschedulable").value_or(false) ? ready + ",SchedulingDisabled" : ready;
}

std::vector<Kind> cluster_kinds() {
  return {pods(), cluster_nodes(), namespaces(), claims(), servers(), models_served(), holdings(), conflicts(), unplaced()};
}

}  // namespace reeve::cli
