#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace reeve {

// Tells another process on which port we listen: the number alone, renamed into place, so that a reader sees
// the whole of it or no file. Unavailable: the file cannot be written.
Status write_port_file(const std::string& path, std::uint16_t port);

}  // namespace reeve
