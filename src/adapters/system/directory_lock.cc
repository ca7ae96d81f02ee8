#include "adapters/system/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace reeve {
namespace {

// Whoever holds the lock wrote its pid there: a help for people, not part of the lock.
std::string holder_of(int file) {
  char text[32] = {};
  const ssize_t got = pread(file, text, sizeof text - 1, 0);
  return got > 0 ? fmt::format("process {}", text) : "another process";
}

void write_pid(int file) {
  const std::string pid = fmt::format("{}", getpid());
  if (ftruncate(file, 0) == 0) [[maybe_unused]]
    const ssize_t wrote = pwrite(file, pid.data(), pid.size(), 0);
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) return Error{Errc::unavailable, fmt::format("cannot use data directory '{}': {}", directory, failed.message())};
  const std::string path = directory + "/lock";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0)
    return Error{Errc::unavailable, fmt::format("cannot use data directory '{}': {}: {}", directory, path, std::strerror(errno))};
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = holder_of(file);
    close(file);
    return Error{Errc::conflict,
                 fmt::format("cannot use data directory '{}': {} uses it; stop that one or give another --data-dir", directory, holder)};
  }
  write_pid(file);
  return DirectoryLock(file);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) close(file_);
}

}  // namespace reeve
