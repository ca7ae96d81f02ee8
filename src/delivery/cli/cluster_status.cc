#include "delivery/cli/cluster_status.h"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "delivery/cli/cells.h"
#include "delivery/cli/json_access.h"
#include "delivery/cli/lines.h"

namespace reeve::cli {
namespace {

std::string of_text(const Json& cluster, const char* part, const char* whole, const char* word) {
  return fmt::format("{}, {} {}", count_text(number_at(cluster, whole)), count_text(number_at(cluster, part)), word);
}

std::string used_text(const std::string& used, const std::string& all) { return used == "-" && all == "-" ? used : used + " of " + all; }

std::string status_text(const Json& cluster, Timestamp now) {
  Lines lines;
  lines.add_text("Cluster", cluster, "name");
  lines.add_text("Server version", cluster, "server_version");
  lines.add("Nodes", of_text(cluster, "nodes_ready", "nodes", "ready"));
  lines.add("Pods", fmt::format("{}, {} running, {} pending, {} with GPUs", count_text(number_at(cluster, "pods")),
                                count_text(number_at(cluster, "pods_running")), count_text(number_at(cluster, "pods_pending")),
                                count_text(number_at(cluster, "pods_gpu"))));
  lines.add("Namespaces", count_text(number_at(cluster, "namespaces")));
  lines.add("GPUs", fmt::format("{} allocatable, {} requested, {} held", count_text(number_at(cluster, "gpus_allocatable")),
                                count_text(number_at(cluster, "gpus_requested")), count_text(number_at(cluster, "gpus_held"))));
  lines.add("CPU", used_text(cores_text(number_at(cluster, "cpu_usage_cores")), cores_text(number_at(cluster, "cpu_allocatable_cores"))));
  lines.add("Memory",
            used_text(bytes_text(number_at(cluster, "memory_usage_bytes")), bytes_text(number_at(cluster, "memory_allocatable_bytes"))));
  lines.add("Claims", of_text(cluster, "claims_allocated", "claims", "allocated"));
  lines.add("Model servers", count_text(number_at(cluster, "servers")));
  lines.add("Holdings", fmt::format("{}, {} conflicts, {} unplaced", count_text(number_at(cluster, "holdings")),
                                    count_text(number_at(cluster, "conflicts")), count_text(number_at(cluster, "unplaced"))));
  std::vector<Row> rows;
  for (const Json& kind : array_at(cluster, "kinds"))
    rows.push_back({text_at(kind, "kind"), text_at(kind, "state"), age_text(time_at(kind, "synced_at"), now),
                    age_text(time_at(kind, "heard_at"), now), count_text(number_at(kind, "lists")), count_text(number_at(kind, "events")),
                    or_dash(text_at(kind, "error"))});
  return lines.text() +
         section("Kinds", {{"KIND"}, {"STATE"}, {"LISTED", true}, {"HEARD", true}, {"LISTS", true}, {"EVENTS", true}, {"ERROR"}}, rows);
}

// "pods (forbidden), nodes (stale)"
std::string faults_of(const Json& cluster) {
  std::string faults;
  for (const Json& kind : array_at(cluster, "kinds"))
    if (const std::string state = text_at(kind, "state"); state == "forbidden" || state == "stale")
      faults += fmt::format("{}{} ({})", faults.empty() ? "" : ", ", text_at(kind, "kind"), state);
  return faults;
}

}  // namespace

std::string cluster_gaps(const Session& session) {
  const auto cluster = session.api().get("/api/v1/cluster");
  if (!cluster) return "";
  if (!flag_at(*cluster, "configured").value_or(true)) return "no Kubernetes cluster is configured";
  const std::string faults = faults_of(*cluster);
  return faults.empty() ? "" : "cannot follow " + faults + ", `reeve cluster` tells why";
}

Status cluster_status(const Session& session) {
  const auto cluster = session.api().get("/api/v1/cluster");
  if (!cluster) return cluster.error();
  const Output output = session.output();
  if (output == Output::json || output == Output::yaml)
    print_document(session, *cluster);
  else if (!flag_at(*cluster, "configured").value_or(false))
    session.console.out << "No Kubernetes cluster is configured: set kubernetes: in the server's configuration.\n";
  else if (output == Output::name)
    session.console.out << "cluster/" << or_dash(text_at(*cluster, "name")) << '\n';
  else
    session.console.out << status_text(*cluster, session.console.now());
  const std::string faults = faults_of(*cluster);
  if (!faults.empty()) return Error{Errc::internal, "cannot follow all of the cluster: " + faults};
  return Done{};
}

}  // namespace reeve::cli
