#pragma once

// Words of labels, as filters ask for them.

#include <algorithm>
#include <string_view>

namespace reeve::cluster {

// Whether a label's key or value could look like this: what a filter asks for otherwise is a slip, as in "a in (b)". "" may be a value.
inline bool can_be_label(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
  });
}

}  // namespace reeve::cluster
