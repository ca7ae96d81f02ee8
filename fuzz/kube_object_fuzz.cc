// Objects of the Kubernetes API from any bytes: never without identity, and lists of labels and amounts are in order.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/kube/json_arena.h"
#include "adapters/kube/object_decoder.h"
#include "base/check.h"

namespace {

void check(const reeve::cluster::ObjectMeta& meta, bool namespaced) {
  REEVE_CHECK(!meta.name.empty() && meta.name.find('/') == std::string::npos);
  REEVE_CHECK(meta.namespace_name.empty() != namespaced);
  REEVE_CHECK(std::is_sorted(meta.labels.begin(), meta.labels.end()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::kube;
  static JsonArena arena;
  const auto document = arena.parse({reinterpret_cast<const char*>(data), size});
  if (!document || !(*document)->is_object()) return 0;
  const auto& object = (*document)->get_object();
  if (const auto pod = decode_pod(object)) {
    check(pod->meta, true);
    for (const auto& container : pod->containers) REEVE_CHECK(std::is_sorted(container.requests.begin(), container.requests.end()));
  }
  if (const auto node = decode_node(object)) check(node->meta, false);
  if (const auto space = decode_namespace(object)) check(space->meta, false);
  if (const auto claim = decode_resource_claim(object)) check(claim->meta, true);
  if (const auto slice = decode_resource_slice(object)) check(slice->meta, false);
  if (const auto usage = decode_pod_metrics(object)) REEVE_CHECK(!usage->name.empty());
  if (const auto usage = decode_node_metrics(object)) REEVE_CHECK(!usage->name.empty());
  if (const auto status = decode_status(object)) REEVE_CHECK(status->message.size() <= 500);
  return 0;
}
