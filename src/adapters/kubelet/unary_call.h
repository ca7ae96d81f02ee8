#pragma once
// One gRPC call with one answer, over a unix socket: a connection, a stream, a message each way. A look at a node
// every half a minute needs no kept connection, and so a kubelet that was started anew is no case of its own.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace reeve::kubelet {

struct UnaryCall {
  std::string socket{};               // "/var/lib/kubelet/pod-resources/kubelet.sock"
  std::string method{};               // "/v1.PodResourcesLister/List"
  std::string_view request{};         // an encoded message
  Milliseconds deadline{2'000};       // of all of it
  std::size_t answer_max = 16 << 20;  // what the kubelet's own clients take at most
};

// The answer's message. Waits on the caller's thread, no longer than the deadline; any thread.
// Not found: there is no such socket. Timed out: by our clock or the server's. Unsupported: the server lacks the
// method. Unavailable: all else, as it refuses connections, ends them, breaks the protocol or answers too much.
Result<std::string> call_unary(const UnaryCall& call);

}  // namespace reeve::kubelet
