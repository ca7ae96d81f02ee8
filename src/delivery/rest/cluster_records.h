#pragma once
// What is known of a Kubernetes cluster as JSON. Field names are those of the Kubernetes API in snake_case.

#include <array>
#include <string_view>

#include "delivery/rest/cluster_scene.h"

namespace reeve::rest {

inline constexpr std::array<std::string_view, 27> cluster_node_fields{"name",
                                                                      "ready",
                                                                      "unschedulable",
                                                                      "roles",
                                                                      "created_at",
                                                                      "internal_ip",
                                                                      "kubelet_version",
                                                                      "container_runtime",
                                                                      "operating_system",
                                                                      "architecture",
                                                                      "kernel_version",
                                                                      "os_image",
                                                                      "labels",
                                                                      "annotations",
                                                                      "taints",
                                                                      "conditions",
                                                                      "capacity",
                                                                      "allocatable",
                                                                      "requested",
                                                                      "usage",
                                                                      "gpus",
                                                                      "pods",
                                                                      "pods_running",
                                                                      "in_fleet",
                                                                      "devices",
                                                                      "pod_list",
                                                                      "device_list"};
inline constexpr std::array<std::string_view, 27> pod_fields{
    "namespace",      "name",       "uid",         "resource_version", "node",    "phase",        "reason",
    "ready",          "created_at", "started_at",  "deleted_at",       "ip",      "controller",   "service_account",
    "priority_class", "labels",     "annotations", "requests",         "limits",  "usage",        "gpu_requests",
    "restarts",       "containers", "devices",     "allocations",      "serving", "unschedulable"};
inline constexpr std::array<std::string_view, 9> namespace_fields{"name",         "phase",        "created_at", "labels", "pods",
                                                                  "pods_running", "gpu_requests", "gpus_held",  "usage"};
inline constexpr std::array<std::string_view, 5> claim_fields{"namespace", "name", "created_at", "devices", "reserved_for"};
inline constexpr std::array<std::string_view, 11> server_fields{"namespace",     "pod", "node",       "engine", "model", "served_model",
                                                                "model_version", "at",  "last_error", "gpus",   "values"};
inline constexpr std::array<std::string_view, 11> served_model_fields{"model",
                                                                      "engines",
                                                                      "servers",
                                                                      "servers_answering",
                                                                      "gpus",
                                                                      "requests_running",
                                                                      "requests_waiting",
                                                                      "prompt_tokens_per_second",
                                                                      "generation_tokens_per_second",
                                                                      "kv_cache_usage_ratio",
                                                                      "time_to_first_token_p95_seconds"};
inline constexpr std::array<std::string_view, 13> holding_fields{
    "resource", "device", "node", "namespace", "pod", "container", "replica", "sources", "allocation", "user", "team", "project", "since"};
inline constexpr std::array<std::string_view, 8> conflict_fields{"kind",       "resource", "device", "node",
                                                                 "allocation", "evidence", "detail", "since"};
inline constexpr std::array<std::string_view, 3> unplaced_fields{"node", "evidence", "why"};

// A whole number without a fraction, as counts and bytes are.
void write_amount(JsonWriter& json, double amount);
void write_amounts(JsonWriter& json, const cluster::ResourceList& resources);  // {"cpu":0.5,"nvidia.com/gpu":2}
void write_labels(JsonWriter& json, const cluster::Labels& labels);
void write_usage(JsonWriter& json, const cluster::Usage* usage);  // {"cpu":cores,"memory":bytes,"at":time}; null
void write_sources(JsonWriter& json, const std::vector<HolderSource>& sources);

void write_pod(JsonWriter& json, const ClusterScene& scene, const HoldingsOfPods& holdings, const cluster::Pod& pod,
               const FieldSet& fields);
void write_server(JsonWriter& json, const ClusterScene& scene, const HoldingsOfPods& holdings, const serving::Server& server,
                  const FieldSet& fields);

}  // namespace reeve::rest
