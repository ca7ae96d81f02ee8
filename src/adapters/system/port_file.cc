#include "adapters/system/port_file.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace reeve {

Status write_port_file(const std::string& path, std::uint16_t port) {
  const std::string unfinished = path + ".new";
  std::ofstream stream(unfinished, std::ios::trunc);
  stream << fmt::format("{}\n", port);
  stream.close();
  std::error_code failed;
  if (stream) std::filesystem::rename(unfinished, path, failed);
  if (!stream || failed) return Error{Errc::unavailable, fmt::format("cannot write the port file '{}'", path)};
  return Done{};
}

}  // namespace reeve
