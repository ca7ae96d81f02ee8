#include <algorithm>
#include <limits>
#include <utility>

#include "adapters/kube/meta_decoder.h"
#include "adapters/kube/object_decoder.h"

namespace reeve::kube {
namespace {

using cluster::Container;
using cluster::ContainerState;
using cluster::Pod;

int to_int(std::optional<std::int64_t> number) {
  return static_cast<int>(std::clamp<std::int64_t>(number.value_or(0), 0, std::numeric_limits<int>::max()));
}

Container decode_container(const JsonFields& spec) {
  Container read;
  read.name = spec.text("name");
  read.image = spec.text("image");
  read.command = spec.texts("command");
  read.args = spec.texts("args");
  const auto& ports = spec.array("ports");
  read.ports.reserve(ports.size());
  for (const auto& element : ports) {
    const JsonFields port(element);
    if (const int number = to_int(port.integer("containerPort")); number > 0 && number < 65'536)
      read.ports.push_back({std::string(port.text("name")), number});
  }
  const JsonFields resources = spec.object("resources");
  read.requests = decode_resources(resources.object("requests"));
  read.limits = decode_resources(resources.object("limits"));
  for (const auto& claim : resources.array("claims")) read.claims.emplace_back(JsonFields(claim).text("name"));
  read.sidecar = spec.text("restartPolicy") == "Always";
  return read;
}

std::vector<Container> decode_containers(const boost::json::array& specs) {
  std::vector<Container> read;
  read.reserve(specs.size());
  for (const auto& spec : specs) read.push_back(decode_container(JsonFields(spec)));
  return read;
}

void add_status(Container& container, const JsonFields& status) {
  const JsonFields state = status.object("state");
  const JsonFields waiting = state.object("waiting"), running = state.object("running"), terminated = state.object("terminated");
  if (running.is_object()) {
    container.state = ContainerState::running;
    container.started_at = running.time("startedAt");
  } else if (terminated.is_object()) {
    container.state = ContainerState::terminated;
    container.reason = terminated.text("reason");
    container.started_at = terminated.time("startedAt");
  } else if (waiting.is_object()) {
    container.state = ContainerState::waiting;
    container.reason = waiting.text("reason");
  }
  container.ready = status.flag("ready");
  container.restarts = to_int(status.integer("restartCount"));
}

void add_statuses(std::vector<Container>& containers, const boost::json::array& statuses) {
  for (const auto& element : statuses) {
    const JsonFields status(element);
    const auto at = std::find_if(containers.begin(), containers.end(), [&](const Container& c) { return c.name == status.text("name"); });
    if (at != containers.end()) add_status(*at, status);
  }
}

// The claims that a pod names with the objects that they became, and one that the scheduler made of its own.
std::vector<cluster::PodClaim> decode_claims(const JsonFields& spec, const JsonFields& status) {
  std::vector<cluster::PodClaim> claims;
  for (const auto& element : spec.array("resourceClaims")) {
    const JsonFields claim(element);
    claims.push_back({std::string(claim.text("name")), std::string(claim.text("resourceClaimName"))});
  }
  for (const auto& element : status.array("resourceClaimStatuses")) {
    const JsonFields made(element);
    for (cluster::PodClaim& claim : claims)
      if (claim.name == made.text("name") && claim.resource_claim.empty()) claim.resource_claim = made.text("resourceClaimName");
  }
  if (const auto extended = status.object("extendedResourceClaimStatus").text("resourceClaimName"); !extended.empty())
    claims.push_back({"", std::string(extended)});
  return claims;
}

void add_conditions(Pod& pod, const boost::json::array& conditions) {
  for (const auto& element : conditions) {
    const JsonFields condition(element);
    const std::string_view type = condition.text("type"), status = condition.text("status");
    if (type == "Ready") pod.ready = status == "True";
    if (type == "PodScheduled" && status == "False") pod.unschedulable = condition.text("message");
  }
}

}  // namespace

Result<Pod> decode_pod(const boost::json::object& object) {
  const JsonFields fields(object);
  auto meta = decode_meta(fields, "Pod", Scope::namespaced);
  if (!meta) return meta.error();
  Pod pod;
  pod.meta = *std::move(meta);
  for (const auto& element : fields.object("metadata").array("ownerReferences")) {
    const JsonFields owner(element);
    if (owner.flag("controller")) pod.controller = {std::string(owner.text("kind")), std::string(owner.text("name"))};
  }
  const JsonFields spec = fields.object("spec"), status = fields.object("status");
  pod.node = NodeName{std::string(spec.text("nodeName"))};
  pod.host_network = spec.flag("hostNetwork");
  pod.service_account = spec.text("serviceAccountName");
  pod.priority_class = spec.text("priorityClassName");
  pod.scheduler = spec.text("schedulerName");
  pod.containers = decode_containers(spec.array("containers"));
  pod.init_containers = decode_containers(spec.array("initContainers"));
  pod.requests = decode_resources(spec.object("resources").object("requests"));
  pod.overhead = decode_resources(spec.object("overhead"));
  pod.phase = from_text<cluster::PodPhase>(status.text("phase")).value_or(cluster::PodPhase::unknown);
  pod.reason = status.text("reason");
  pod.ip = status.text("podIP");
  pod.started_at = status.time("startTime");
  add_conditions(pod, status.array("conditions"));
  add_statuses(pod.containers, status.array("containerStatuses"));
  add_statuses(pod.init_containers, status.array("initContainerStatuses"));
  pod.claims = decode_claims(spec, status);
  return pod;
}

}  // namespace reeve::kube
