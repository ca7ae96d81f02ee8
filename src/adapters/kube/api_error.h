#pragma once
#include <optional>
#include <string_view>

#include "adapters/kube/api_path.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http/message.h"

namespace reeve::kube {

// What an answer that is no success means. `verb` is RBAC's word: "get", "list", "watch", "create", "update", "patch",
// "delete"; `body` is the API server's Status, or whatever a proxy before it says.
//   "cannot list pods: the account of Reeve may not: grant the verb 'list' on 'pods' in every namespace (pods is forbidden: ...)"
//   "cannot create leases.coordination.k8s.io 'reeve' in namespace 'a': AlreadyExists: leases \"reeve\" already exists"
Error api_error(std::string_view verb, const ApiObject& object, int http_status, std::string_view body);

// "list pods in namespace 'a'", for messages that begin with "cannot".
std::string api_deed(std::string_view verb, const ApiObject& object);

// How long the server asks to wait before the same request; absent when it does not.
std::optional<Milliseconds> retry_after(const http::Headers& headers, std::string_view body);

}  // namespace reeve::kube
