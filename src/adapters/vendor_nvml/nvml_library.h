#pragma once
// libnvidia-ml.so.1 in this process: found at run time, so that one binary runs with and without a GPU.
//
// Unloads when the last owner lets go; whoever is inside a call must be an owner. Immutable, any thread.

#include <memory>
#include <string>

#include "adapters/vendor_nvml/nvml_calls.h"
#include "base/result.h"

namespace reeve::nvml {

class Library final {
 public:
  // Loads the file and looks up each call by its versioned name; what is missing stays null. No call is made.
  // Unavailable: the file is not there, or is no management library.
  static Result<std::shared_ptr<const Library>> load(const std::string& path);

  // Calls that are in this program already: a fake in a test.
  static std::shared_ptr<const Library> of(const Calls& calls);

  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const Calls& calls() const { return calls_; }

 private:
  Library(void* handle, const Calls& calls) : handle_(handle), calls_(calls) {}

  void* handle_;  // null: nothing to unload
  Calls calls_{};
};

// Codes that concern the library as a whole: it has to be loaded anew before any call can work again.
constexpr bool wants_reload(Return code) {
  return code == Return::uninitialized || code == Return::driver_not_loaded || code == Return::lib_rm_version_mismatch;
}

// Codes that a call will give again however often it is repeated, until MIG mode, instances or driver change.
constexpr bool is_lasting_refusal(Return code) {
  return code == Return::not_supported || code == Return::function_not_found || code == Return::argument_version_mismatch ||
         code == Return::deprecated;
}

}  // namespace reeve::nvml
