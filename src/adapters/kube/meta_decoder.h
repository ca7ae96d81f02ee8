#pragma once
// What all kinds of objects have: identity, labels, amounts.

#include <string_view>

#include "adapters/kube/json_fields.h"
#include "base/result.h"
#include "domain/cluster/objects.h"

namespace reeve::kube {

enum class Scope { cluster, namespaced };

// Checks `kind` where the object says it (items of a list do not) and reads `metadata`.
Result<cluster::ObjectMeta> decode_meta(const JsonFields& object, std::string_view kind, Scope scope);

// By ascending key; values that are no text are left out.
cluster::Labels decode_labels(const JsonFields& object);
// By ascending name; amounts that cannot be read are left out.
cluster::ResourceList decode_resources(const JsonFields& object);

}  // namespace reeve::kube
