#include "adapters/store_sql/sql_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "testing/fleet_store_conformance.h"
#include "testing/metric_store_conformance.h"

namespace reeve {
namespace {

// A directory of its own for each test, gone afterwards.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    static int count = 0;
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name =
        std::string("reeve_sql_") + test->test_suite_name() + test->name() + std::to_string(count++) + "_" + std::to_string(::getpid());
    std::ranges::replace(name, '/', '_');
    path_ = testing::TempDir() + name;
    std::filesystem::remove_all(path_);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Catalogue small_catalogue() {
  GpuModel model{.id = ModelId{"H100_80GB"}, .name = "H100 80GB SXM5", .architecture = "Hopper", .memory_gb = 80};
  model.price_per_hour = MicroUsd(2'950'000);
  return Catalogue::make({model}, {}).value();
}

struct SqlHarness {
  SqlHarness() { reopen(); }
  void reopen() {
    stores_ = {};
    auto opened = open_sql_store({.directory = directory_.path()}, small_catalogue());
    if (!opened) std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    REEVE_CHECK(opened.ok());
    stores_ = std::move(*opened);
  }
  TemporaryDirectory directory_;
  SqlStores stores_;
};

struct FleetHarness : SqlHarness {
  FleetStore& store() { return *stores_.fleet; }
};
struct MetricHarness : SqlHarness {
  MetricStore& store() { return *stores_.metrics; }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, FleetStoreConformance, FleetHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, MetricStoreConformance, MetricHarness);

}  // namespace
}  // namespace reeve
