#pragma once
// Whether bytes are text. Pure.

#include <string_view>

namespace reeve {

// Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. Empty text is.
bool is_utf8(std::string_view text);

}  // namespace reeve
