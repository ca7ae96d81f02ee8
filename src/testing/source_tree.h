#pragma once
#include <string>

namespace reeve {

// The path of a file of this checkout, for data/ and tests/data/: source_path("tests/data/x.json"). Known here
// alone, so that the other objects of a build are the same in every checkout.
std::string source_path(const std::string& path);

// The whole text of a file of the source tree; the test fails when it is not there.
std::string source_text(const std::string& path);

}  // namespace reeve
