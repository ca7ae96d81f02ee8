#pragma once
// Documents that are part of the program.

#include <string_view>

namespace reeve::rest {

std::string_view openapi_document();  // api/openapi.json

// docs/errors/<code>.md; empty when there is no such page.
std::string_view error_document(std::string_view code);

}  // namespace reeve::rest
