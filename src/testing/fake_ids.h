#pragma once
#include <atomic>

#include <fmt/format.h>

#include "ports/id_source.h"

namespace reeve {

// ALLOC-00000001, ALLOC-00000002 ... Threads: any.
class FakeIds final : public IdSource {
 public:
  AllocationId new_allocation_id() override { return {fmt::format("ALLOC-{:08X}", ++last_)}; }

 private:
  std::atomic<unsigned> last_ = 0;
};

}  // namespace reeve
