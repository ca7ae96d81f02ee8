#pragma once
#include <string>

#include "base/result.h"

namespace reeve::kube {

// The whole text of a small file. The message of a failure is its reason only: "No such file or directory".
// Not found; unauthorized: it may not be read; invalid argument: no file, or larger than the limit.
Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max = 1 << 20);

}  // namespace reeve::kube
