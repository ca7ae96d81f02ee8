#include "exposed_text.h"

#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include "domain/metrics/metric.h"

namespace reeve {
namespace {

// A figure that looks alive: any value of its metric's kind, the same for the same arguments.
std::uint64_t mixed(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  std::uint64_t x = a * 0x9E3779B97F4A7C15u + b * 0xC2B2AE3D27D4EB4Fu + c * 0x165667B19E3779F9u;
  x ^= x >> 31;
  return x * 0xD6E8FEB86659FD93u >> 33;
}

void append_value(std::string& out, const MetricInfo& row, const ExposedNode& what, int device) {
  const auto now = mixed(static_cast<std::uint64_t>(what.node), static_cast<std::uint64_t>(device * 64 + static_cast<int>(row.metric)),
                         static_cast<std::uint64_t>(what.round));
  const auto to = std::back_inserter(out);
  if (row.unit == "ratio")
    fmt::format_to(to, "{:.6f}", static_cast<double>(now % 1000) / 1000);
  else if (row.unit == "W")
    fmt::format_to(to, "{:.6f}", 70 + static_cast<double>(now % 630000) / 1000);
  else if (row.unit == "%")
    fmt::format_to(to, "{}", now % 101);
  else if (row.unit == "C")
    fmt::format_to(to, "{}", 30 + now % 50);
  else if (row.unit == "MiB")
    fmt::format_to(to, "{}", row.metric == Metric::memory_used ? 40000 : row.metric == Metric::memory_free ? 40928 : 631);
  else if (row.unit == "mJ")
    fmt::format_to(to, "{}", 7712003991112 + what.round * 9000000 + device);
  else if (row.unit == "B/s")
    fmt::format_to(to, "{}", now % 2000000000);
  else if (row.unit == "MHz")
    fmt::format_to(to, "{}", 1200 + now % 780);
  else
    out += '0';
}

}  // namespace

std::string exposed_text(const ExposedNode& what) {
  std::string out;
  out.reserve(120000);
  const auto to = std::back_inserter(out);
  for (const MetricInfo& row : device_metrics()) {
    if (!row.stored && row.unit != "MiB" && row.metric != Metric::last_xid) continue;  // dcgm-exporter's default set, nearly
    fmt::format_to(to, "# HELP {0} {1}\n# TYPE {0} {2}\n", row.dcgm_name, row.help, row.kind == MetricKind::counter ? "counter" : "gauge");
    for (int device = 0; device < what.devices; ++device) {
      fmt::format_to(to,
                     "{0}{{gpu=\"{1}\",UUID=\"GPU-5a3c0e10-0000-4000-8000-{2:08x}{1:04x}\",pci_bus_id=\"00000000:{3:02X}:00.0\","
                     "device=\"nvidia{1}\",modelName=\"NVIDIA H100 80GB HBM3\",hostname=\"bench-node-{2:04}\","
                     "DCGM_FI_DRIVER_VERSION=\"570.148.08\"",
                     row.dcgm_name, device, what.node, 0x18 + device * 0x12);
      if (what.workload) fmt::format_to(to, ",container=\"worker\",namespace=\"team-{0}\",pod=\"train-{1}\"", device % 3, what.node);
      out += "} ";
      append_value(out, row, what, device);
      out += '\n';
    }
  }
  return out;
}

}  // namespace reeve
