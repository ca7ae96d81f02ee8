#pragma once
// PodResourceInfo and NodeResourceInfo, in the old system's fields and order.

#include "codec/json_writer.h"
#include "delivery/legacy/cluster_facts.h"

namespace reeve::legacy {

// Where a pod's document stands in a body, in bytes, and the part of it that tells of its usage: the six fields that change
// while the pod does not.
struct PodSpan {
  std::size_t begin = 0;
  std::size_t usage_begin = 0;
  std::size_t usage_end = 0;
  std::size_t end = 0;
};

// `body` is what `json` writes to.
PodSpan write_pod(JsonWriter& json, const std::string& body, const PodFacts& pod, const LocalZone& zone);
// The six fields alone, into an object that is open.
void write_pod_usage(JsonWriter& json, const PodFacts& pod);

void write_node(JsonWriter& json, const NodeFacts& node, const LocalZone& zone);

// Quantities as Kubernetes writes them, or null: "2500m", "16Gi", "8".
void decimal_field(JsonWriter& json, std::string_view name, std::optional<cluster::Quantity> amount);
void binary_field(JsonWriter& json, std::string_view name, std::optional<cluster::Quantity> amount);

}  // namespace reeve::legacy
