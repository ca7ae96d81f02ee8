#include "usecases/release.h"

#include <memory>
#include <vector>

#include <fmt/format.h>

namespace reeve {
namespace {

Error no_such_active(const FleetStore& store, const AllocationId& id) {
  const auto found = store.find_allocation(id);
  if (!found) return found.error();
  if (*found && (*found)->status == AllocationStatus::allocated)  // ended by a change of this batch, which is not in the store yet
    return {Errc::conflict, fmt::format("cannot release '{}': it has just ended", id.text)};
  if (*found) return {Errc::conflict, fmt::format("cannot release '{}': it has ended already ({})", id.text, to_text((*found)->status))};
  return {Errc::not_found, fmt::format("cannot release '{}': there is no such allocation", id.text)};
}

}  // namespace

void release(const AllocationContext& context, AllocationId id, std::string actor, std::move_only_function<void(Result<Allocation>)> done) {
  auto outcome = std::make_shared<Result<Allocation>>(Error{Errc::internal, "cannot release: the request was not run"});
  context.keeper.submit(
      [context, outcome, id = std::move(id), actor = std::move(actor)](FleetDraft& draft) -> Status {
        const Allocation* held = draft.fleet().find_allocation(id);
        if (held == nullptr) {
          *outcome = no_such_active(context.store, id);
          return outcome->error();
        }
        if (held->origin == AllocationOrigin::observed) {
          *outcome = Error{Errc::conflict, fmt::format("cannot release '{}': it was seen, not asked for, and ends when pod '{}/{}' does",
                                                       id.text, held->namespace_name, held->pod_name)};
          return outcome->error();
        }
        const Timestamp now = context.clock.now();
        Allocation last = ended(*held, AllocationStatus::released, now);
        if (const Status put = draft.put_allocation(last); !put) {
          *outcome = put.error();
          return put;
        }
        draft.note({now, actor, "release", id.text, last.resource});
        *outcome = std::move(last);
        return Done{};
      },
      [outcome, done = std::move(done)](const Status& committed) mutable {
        if (!committed && *outcome) *outcome = committed.error();
        done(std::move(*outcome));
      });
}

void expire_due(const AllocationContext& context, std::move_only_function<void(Result<std::size_t>)> done) {
  auto count = std::make_shared<std::size_t>(0);
  context.keeper.submit(
      [context, count](FleetDraft& draft) -> Status {
        const Timestamp now = context.clock.now();
        std::vector<Allocation> due;
        for (const auto& [id, allocation] : draft.fleet().allocations())
          if (allocation.planned_release && *allocation.planned_release <= now) due.push_back(allocation);
        for (Allocation& allocation : due) {
          // Charged to the promised end, not to the moment when somebody looked.
          const Timestamp end = *allocation.planned_release;
          if (const Status put = draft.put_allocation(ended(allocation, AllocationStatus::expired, end)); !put) return put;
          draft.note({now, "expiry", "expire", allocation.id.text, allocation.resource});
          ++*count;
        }
        return Done{};
      },
      [count, done = std::move(done)](const Status& committed) mutable {
        if (!committed) return done(committed.error());
        done(*count);
      });
}

}  // namespace reeve
