#include "testing/memory_metric_store.h"

#include "testing/metric_store_conformance.h"

namespace reeve {
namespace {

struct MemoryHarness {
  MetricStore& store() { return store_; }
  void reopen() {}
  MemoryMetricStore store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, MetricStoreConformance, MemoryHarness);

TEST(MemoryMetricStore, fails_when_told_to) {
  MemoryMetricStore store;
  store.fail_with(Error{Errc::unavailable, "disk full"});
  EXPECT_FALSE(store.append({}).ok());
  store.fail_with(std::nullopt);
  EXPECT_TRUE(store.append({}).ok());
}

}  // namespace
}  // namespace reeve
