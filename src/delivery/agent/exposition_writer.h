#pragma once
// What an agent serves at /metrics: dcgm-exporter's text, name by name and label by label, so that dashboards
// and rules made for it work unchanged, and Reeve's own series behind it.
//
// Pure functions, safe from any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/inventory/observation.h"

namespace reeve {

// One look at the node and how it went.
struct AgentReport {
  NodeObservation observation{};  // without devices when there is an error; events: those to tell of
  std::string error{};            // why the driver cannot be used; empty when it can
  double observation_seconds = 0;
  std::uint64_t observations = 0;          // since the start, this one included
  std::uint64_t failures = 0;              // of them
  std::optional<bool> kubelet_answered{};  // absent: there is no kubelet to ask
  std::string kubelet_error{};             // why it did not
};

enum class ExpositionFormat { prometheus, openmetrics };

struct ExpositionStyle {
  ExpositionFormat format = ExpositionFormat::prometheus;
  bool old_hostname_label = false;  // "Hostname", as dcgm-exporter spelled it until May 2026
  std::string version{};            // of Reeve
};

// A GPU that is cut has, like in dcgm-exporter, one row an instance: memory and profiling values are the
// instance's own; clocks, temperatures, power, energy, PCIe replays and the last Xid repeat the GPU's. What
// dcgm-exporter does not repeat stands on one row of the whole GPU. Absent values have no row.
//
// A GPU or slice that exactly one container has gives its rows dcgm-exporter's pod attributes, last and in its order
// (container, namespace, pod). Rows of shared ones have none, nor the rows of a whole GPU that is cut: the rows of
// reeve_pod_device_info name all containers, with what the kubelet calls the device.
std::string write_exposition(const AgentReport& report, const ExpositionStyle& style);

std::string_view content_type(ExpositionFormat format);

}  // namespace reeve
