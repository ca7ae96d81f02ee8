#pragma once
// The resources of the API as JSON. What nobody knows is null, never 0 and never invented.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/json_writer.h"
#include "delivery/rest/listing.h"
#include "domain/catalogue/catalogue.h"
#include "domain/inventory/fleet.h"
#include "ports/holdings_view.h"
#include "ports/job_board.h"

namespace reeve::rest {

struct Api;

// One moment of the fleet, and what is needed to describe it. Keeps its snapshot.
struct Scene {
  std::shared_ptr<const Fleet> fleet;
  const Catalogue* catalogue;
  Timestamp now;
  Milliseconds stale_after;
  std::shared_ptr<const holding::Report> report;  // never null
};
Scene scene_of(const Api& api);
Scene scene_of(const Api& api, std::shared_ptr<const Fleet> fleet);

// Somebody should be reporting this node, and has not for too long.
bool is_stale(const Scene& scene, const Node& node, const NodeReadings& readings);

// Would it be given to somebody who asks now? Not where somebody was seen, and not where the node is silent: nobody knows
// then what is left of it.
bool is_free(const Scene& scene, const DeviceView& view);
bool is_free(const Scene& scene, const DeviceView& of, const Instance& part);

inline constexpr std::array<std::string_view, 20> node_fields{"name",
                                                              "cluster",
                                                              "address",
                                                              "state",
                                                              "source",
                                                              "observed_at",
                                                              "stale",
                                                              "last_error",
                                                              "driver_version",
                                                              "cuda_version",
                                                              "device_count",
                                                              "devices_free",
                                                              "instance_count",
                                                              "instances_free",
                                                              "models",
                                                              "utilization_percent",
                                                              "memory_used_mib",
                                                              "memory_total_mib",
                                                              "power_watts",
                                                              "devices"};
inline constexpr std::array<std::string_view, 32> device_fields{"id",
                                                                "node",
                                                                "index",
                                                                "uuid",
                                                                "model",
                                                                "model_name",
                                                                "product_name",
                                                                "vendor",
                                                                "architecture",
                                                                "state",
                                                                "mig_enabled",
                                                                "lost",
                                                                "stale",
                                                                "free",
                                                                "source",
                                                                "serial",
                                                                "pci_address",
                                                                "driver_version",
                                                                "firmware_version",
                                                                "vbios_version",
                                                                "memory_mib",
                                                                "observed_at",
                                                                "allocation",
                                                                "holders",
                                                                "values",
                                                                "instances",
                                                                "processes",
                                                                "memory_slots",
                                                                "first_seen",
                                                                "last_maintenance",
                                                                "warranty_expiry",
                                                                "purchase_cost_usd"};
inline constexpr std::array<std::string_view, 14> instance_fields{
    "id",   "device",     "node",    "gpu_instance_id", "compute_instance_id", "uuid", "profile", "profile_id", "placement", "memory_mib",
    "free", "allocation", "holders", "values"};
inline constexpr std::array<std::string_view, 24> allocation_fields{"id",
                                                                    "namespace",
                                                                    "pod",
                                                                    "container",
                                                                    "workload_type",
                                                                    "resource_type",
                                                                    "resource",
                                                                    "device",
                                                                    "node",
                                                                    "requested_memory_gb",
                                                                    "allocated_memory_gb",
                                                                    "priority",
                                                                    "allocated_at",
                                                                    "planned_release_at",
                                                                    "released_at",
                                                                    "status",
                                                                    "cost_per_hour_usd",
                                                                    "total_cost_usd",
                                                                    "user",
                                                                    "team",
                                                                    "project",
                                                                    "labels",
                                                                    "origin",
                                                                    "confirmed_by"};
inline constexpr std::array<std::string_view, 24> model_fields{"id",
                                                               "name",
                                                               "vendor",
                                                               "architecture",
                                                               "compute_capability",
                                                               "memory_gb",
                                                               "memory_type",
                                                               "bandwidth_gb_s",
                                                               "fp32_tflops",
                                                               "fp16_tflops",
                                                               "fp8_tflops",
                                                               "tdp_watts",
                                                               "interconnect",
                                                               "pcie_generation",
                                                               "partition",
                                                               "max_instances",
                                                               "memory_slots",
                                                               "driver_memory_mib",
                                                               "release_year",
                                                               "price_per_hour_usd",
                                                               "market_segment",
                                                               "devices",
                                                               "devices_free",
                                                               "mig_profiles"};

// `devices` is written for one node only, not in lists.
void write_node(JsonWriter& json, const Scene& scene, const NodeView& view, const FieldSet& fields, bool with_devices);
void write_device(JsonWriter& json, const Scene& scene, const DeviceView& view, const FieldSet& fields = {});
void write_instance(JsonWriter& json, const Scene& scene, const InstanceView& view, const FieldSet& fields = {});
void write_allocation(JsonWriter& json, const holding::Report& report, const Allocation& allocation, const FieldSet& fields = {});
void write_job(JsonWriter& json, const Job& job);

// {"gpu_utilization_percent":93.0,...}: what was measured.
void write_values(JsonWriter& json, const MetricValues* values);

std::optional<double> usd(std::optional<MicroUsd> amount);

// Device and node of a resource text, by its form: "n1-GPU-03-MIG-07" -> "n1-GPU-03", "n1".
struct ResourcePlace {
  std::string device{};
  std::string node{};
};
ResourcePlace place_of(const std::string& resource);

// Sums and means over the fresh devices of a node or of the fleet.
struct Totals {
  std::size_t devices = 0, devices_free = 0, devices_allocated = 0, devices_failed = 0;
  std::size_t instances = 0, instances_free = 0, instances_allocated = 0;
  double utilization = 0, memory_used = 0, power = 0;
  std::int64_t memory_total = 0;
  std::size_t with_utilization = 0, with_memory_used = 0, with_power = 0, with_memory_total = 0;

  void add(const Scene& scene, const DeviceView& view, bool stale);
  std::optional<double> utilization_percent() const;
  std::optional<double> memory_used_mib() const;
  std::optional<std::int64_t> memory_total_mib() const;
  std::optional<double> power_watts() const;
};

}  // namespace reeve::rest
