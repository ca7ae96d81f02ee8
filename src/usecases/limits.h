#pragma once
// Limits of the use cases, each with its reason.

#include <cstddef>

namespace reeve {

inline constexpr std::size_t namespace_length_max = 63;    // RFC 1123 label: what Kubernetes allows
inline constexpr std::size_t pod_name_length_max = 253;    // RFC 1123 subdomain: what Kubernetes allows
inline constexpr std::size_t owner_length_max = 128;       // users, teams, projects: wider than the old system's 50
inline constexpr int id_tries_max = 16;                    // 2^32 ids: even a million live ones leave a clash in 4,000 tries
inline constexpr std::size_t devices_per_node_max = 1024;  // 16 GPUs a node are usual; a typing error is larger

}  // namespace reeve
