#pragma once
// Takes a GPU or slice back: by request, or because its time has come.

#include <functional>
#include <string>

#include "base/result.h"
#include "usecases/allocate.h"

namespace reeve {

// Ends the allocation, prices it to the millisecond and frees its resource. Not found: no such allocation;
// conflict: it has ended already, or was observed and ends with its pod. Threads and `done` as for allocate().
void release(const AllocationContext& context, AllocationId id, std::string actor, std::move_only_function<void(Result<Allocation>)> done);

// Ends every allocation whose planned release has passed, as EXPIRED. `done` hears how many.
void expire_due(const AllocationContext& context, std::move_only_function<void(Result<std::size_t>)> done);

}  // namespace reeve
