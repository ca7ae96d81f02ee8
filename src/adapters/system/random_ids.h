#pragma once
#include "ports/id_source.h"

namespace reeve {

// Ids from the kernel's random source. Threads: any.
class RandomIds final : public IdSource {
 public:
  AllocationId new_allocation_id() override;
};

}  // namespace reeve
