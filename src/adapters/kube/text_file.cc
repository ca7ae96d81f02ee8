#include "adapters/kube/text_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

namespace reeve::kube {

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  const auto refuse = [](int number) {
    const Errc code = number == ENOENT || number == ENOTDIR ? Errc::not_found : Errc::unauthorized;
    return Error{code, std::error_code(number, std::generic_category()).message()};
  };
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return refuse(errno);
  if (!S_ISREG(info.st_mode)) return Error{Errc::invalid_argument, "it is no file"};
  if (static_cast<std::size_t>(info.st_size) > bytes_max)
    return Error{Errc::invalid_argument, fmt::format("it is larger than {} bytes", bytes_max)};
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return refuse(errno);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return Error{Errc::unavailable, "it cannot be read"};
  return text;
}

}  // namespace reeve::kube
