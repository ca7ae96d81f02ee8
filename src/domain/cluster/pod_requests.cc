#include "domain/cluster/pod_requests.h"

#include <algorithm>

namespace reeve::cluster {
namespace {

template <class Combine>
void merge(ResourceList& into, const ResourceList& other, Combine combine) {
  auto at = into.begin();
  for (const auto& [name, quantity] : other) {
    at = std::lower_bound(at, into.end(), name, [](const auto& entry, const std::string& n) { return entry.first < n; });
    if (at != into.end() && at->first == name)
      at->second = combine(at->second, quantity);
    else
      at = into.emplace(at, name, quantity);
  }
}

// `of` names the list of a container: its requests or its limits.
ResourceList together(const Pod& pod, ResourceList Container::*of) {
  ResourceList all, sidecars, start;
  for (const Container& container : pod.containers) add_to(all, container.*of);
  for (const Container& container : pod.init_containers) {
    if (container.sidecar) {
      add_to(all, container.*of);
      add_to(sidecars, container.*of);
      raise_to(start, sidecars);
    } else {
      ResourceList now = container.*of;
      add_to(now, sidecars);
      raise_to(start, now);
    }
  }
  raise_to(all, start);
  return all;
}

}  // namespace

void add_to(ResourceList& sum, const ResourceList& more) {
  merge(sum, more, [](Quantity a, Quantity b) { return a + b; });
}

void raise_to(ResourceList& most, const ResourceList& other) {
  merge(most, other, [](Quantity a, Quantity b) { return std::max(a, b); });
}

ResourceList effective_requests(const Pod& pod) {
  ResourceList all = together(pod, &Container::requests);
  merge(all, pod.requests, [](Quantity, Quantity of_pod) { return of_pod; });
  add_to(all, pod.overhead);
  return all;
}

ResourceList effective_limits(const Pod& pod) { return together(pod, &Container::limits); }

bool is_live(const Pod& pod) { return pod.phase != PodPhase::succeeded && pod.phase != PodPhase::failed; }

bool holds_requests(const Pod& pod) { return is_live(pod) && !pod.node.empty(); }

}  // namespace reeve::cluster
