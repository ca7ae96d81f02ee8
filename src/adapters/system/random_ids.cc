#include "adapters/system/random_ids.h"

#include <sys/random.h>

#include <cstdint>

#include <fmt/format.h>

#include "base/check.h"

namespace reeve {

AllocationId RandomIds::new_allocation_id() {
  std::uint32_t bits = 0;
  // Up to 256 bytes never come short and never block once the kernel has started.
  REEVE_CHECK(getrandom(&bits, sizeof bits, 0) == static_cast<ssize_t>(sizeof bits));
  return {fmt::format("ALLOC-{:08X}", bits)};
}

}  // namespace reeve
