#pragma once
#include <string>

#include "base/result.h"

namespace reeve {

// Holds a data directory for one process, by an advisory lock on `<dir>/lock` that the kernel drops when the
// process ends, however it ends.
class DirectoryLock {
 public:
  // Makes the directory when it is missing. Conflict: another process holds it (the message names its pid);
  // unavailable: it cannot be made or written.
  static Result<DirectoryLock> take(const std::string& directory);

  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_;
};

}  // namespace reeve
