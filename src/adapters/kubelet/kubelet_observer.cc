#include "adapters/kubelet/kubelet_observer.h"

#include <utility>

#include "adapters/kubelet/pod_resources.h"
#include "adapters/kubelet/unary_call.h"

namespace reeve {
namespace {

class KubeletObserver final : public HolderObserver {
 public:
  explicit KubeletObserver(KubeletOptions options) : options_(std::move(options)) {}

  Result<std::vector<HolderObservation>> observe() override {
    const auto answer =
        kubelet::call_unary({.socket = options_.socket, .method = "/v1.PodResourcesLister/List", .deadline = options_.deadline});
    if (!answer) return answer.error();
    return kubelet::holders_of(*answer);
  }

 private:
  KubeletOptions options_;
};

}  // namespace

std::unique_ptr<HolderObserver> make_kubelet_observer(KubeletOptions options) {
  return std::make_unique<KubeletObserver>(std::move(options));
}

}  // namespace reeve
