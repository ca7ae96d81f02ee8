#pragma once
#include <memory>
#include <string>

#include "base/time.h"
#include "ports/holder_observer.h"

namespace reeve {

struct KubeletOptions {
  std::string socket = "/var/lib/kubelet/pod-resources/kubelet.sock";
  Milliseconds deadline{2'000};
};

// Asks the kubelet's PodResources API, List of v1 (Kubernetes 1.20 and newer), anew each time. Not found: there is
// no such socket, so no kubelet to ask; other failures as the port has them.
std::unique_ptr<HolderObserver> make_kubelet_observer(KubeletOptions options);

}  // namespace reeve
