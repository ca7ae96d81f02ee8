// What a kubelet's answer may make an agent believe: names and ids that are text, of GPUs only, and not more than fit.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/kubelet/pod_resources.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto holders = reeve::kubelet::holders_of({reinterpret_cast<const char*>(data), size});
  if (!holders) return 0;
  REEVE_CHECK(holders->size() <= reeve::kubelet::holders_max);
  const auto is_text = [](std::string_view text) { return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; }); };
  for (const reeve::HolderObservation& holder : *holders) {
    REEVE_CHECK(!holder.device_id.empty() && is_text(holder.device_id) && is_text(holder.pod) && is_text(holder.namespace_name));
    REEVE_CHECK(holder.resource_name.empty() || reeve::kubelet::is_gpu_resource(holder.resource_name));
  }
  return 0;
}
