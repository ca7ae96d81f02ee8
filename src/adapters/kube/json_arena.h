#pragma once
// Parses many small documents one after the other in memory that is used again.

#include <boost/json/value.hpp>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace reeve::kube {

class JsonArena {
 public:
  JsonArena();
  ~JsonArena();
  JsonArena(const JsonArena&) = delete;
  JsonArena& operator=(const JsonArena&) = delete;

  // Lives until the next call. Invalid argument: not JSON, or nested deeper than 64.
  Result<const boost::json::value*> parse(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reeve::kube
