#pragma once
#include <string>

#include "base/time.h"

namespace reeve::kube {

// As the API wants its MicroTime: exactly six fraction digits.
inline std::string micro_time(Timestamp time) {
  std::string text = to_rfc3339(time);
  text.insert(text.size() - 1, "000");
  return text;
}

}  // namespace reeve::kube
