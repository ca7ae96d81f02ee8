#pragma once
#include "base/name.h"

namespace reeve {

// Where new ids come from. Threads: any.
class IdSource {
 public:
  virtual ~IdSource() = default;
  // "ALLOC-" and eight upper-case hex digits, the old system's form. Unique with high probability only: the
  // caller asks again when the id is taken.
  virtual AllocationId new_allocation_id() = 0;
};

}  // namespace reeve
