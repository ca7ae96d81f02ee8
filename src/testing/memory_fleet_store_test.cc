#include "testing/memory_fleet_store.h"

#include "testing/fleet_store_conformance.h"

namespace reeve {
namespace {

struct MemoryHarness {
  FleetStore& store() { return store_; }
  void reopen() {}
  MemoryFleetStore store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, FleetStoreConformance, MemoryHarness);

TEST(MemoryFleetStore, a_commit_that_fails_keeps_nothing) {
  MemoryFleetStore store;
  store.fail_with(Error{Errc::unavailable, "disk full"});
  EXPECT_FALSE(store.commit({.audit = {AuditRecord{}}}).ok());
  store.fail_with(std::nullopt);
  EXPECT_TRUE(store.list_audit("", 1).value().empty());
}

}  // namespace
}  // namespace reeve
