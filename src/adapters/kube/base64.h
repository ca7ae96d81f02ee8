#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace reeve::kube {

// The bytes that base64 text (RFC 4648, standard alphabet) stands for; blanks and line ends in it are passed over.
// Absent: it is no base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace reeve::kube
