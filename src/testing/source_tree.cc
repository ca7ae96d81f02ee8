#include "testing/source_tree.h"

namespace reeve {

std::string source_path(const std::string& path) { return REEVE_SOURCE_DIR "/" + path; }

}  // namespace reeve
