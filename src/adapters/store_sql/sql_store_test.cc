#include "adapters/store_sql/sql_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "adapters/store_sql/migration.h"
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

// The file as another program sees it.
class RawFile {
 public:
  explicit RawFile(const std::string& path) { EXPECT_EQ(sqlite3_open(path.c_str(), &database_), SQLITE_OK); }
  ~RawFile() { sqlite3_close(database_); }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  int run(const std::string& sql) { return sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr); }
  std::string value(const std::string& sql) {
    std::string found;
    const auto note = [](void* out, int, char** values, char**) {
      *static_cast<std::string*>(out) = values[0] == nullptr ? "NULL" : values[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database_, sql.c_str(), note, &found, nullptr), SQLITE_OK) << sqlite3_errmsg(database_);
    return found;
  }

 private:
  sqlite3* database_ = nullptr;
};

// No file of this process may grow beyond `bytes`: what a full disk looks like.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
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

TEST(SqlStore, two_programs_on_one_file_never_give_one_gpu_twice) {
  SqlHarness first;
  SqlStores second = open_sql_store({.directory = first.directory_.path()}, small_catalogue()).value();
  const FleetChange change{.allocations = {make_allocation("ALLOC-1", "n1-GPU-00")}};
  const FleetChange rival{.allocations = {make_allocation("ALLOC-2", "n1-GPU-00")}};
  ASSERT_TRUE(first.stores_.fleet->commit(change).ok());
  const Status refused = second.fleet->commit(rival);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_NE(refused.error().message.find(first.directory_.path() + "/fleet.db"), std::string::npos) << refused.error().message;
}

TEST(SqlStore, a_locked_file_is_unavailable_and_works_again_once_it_is_free) {
  TemporaryDirectory directory;
  const SqlStores stores = open_sql_store({.directory = directory.path(), .lock_patience = Milliseconds(50)}, small_catalogue()).value();
  const FleetChange change{.allocations = {make_allocation("ALLOC-1", "n1-GPU-00")}};
  {
    RawFile other(directory.path() + "/fleet.db");
    ASSERT_EQ(other.run("BEGIN EXCLUSIVE"), SQLITE_OK);
    const Status refused = stores.fleet->commit(change);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
  }
  EXPECT_TRUE(stores.fleet->commit(change).ok());
}

TEST(SqlStore, a_full_disk_is_unavailable_and_leaves_nothing_half_written) {
  SqlHarness harness;
  Sample sample{.resource = "n1-GPU-00", .at = parse_rfc3339("2026-11-24T12:00:00Z").value()};
  sample.values.set(Metric::gpu_utilization, 5);
  ASSERT_TRUE(harness.stores_.metrics->append({&sample, 1}).ok());
  FleetChange change{.nodes = {std::make_shared<const Node>(make_node("n1", {make_device("n1", 0)}))},
                     .allocations = {make_allocation("ALLOC-1", "n1-GPU-00")}};
  {
    const FileSizeLimit full(0);
    const Status fleet = harness.stores_.fleet->commit(change);
    ASSERT_FALSE(fleet.ok());
    EXPECT_EQ(fleet.error().code, Errc::unavailable) << fleet.error().message;
    EXPECT_NE(fleet.error().message.find("fleet.db"), std::string::npos);
    Sample late = sample;
    late.at += std::chrono::seconds(30);
    late.resource = "n1-GPU-01";
    EXPECT_EQ(harness.stores_.metrics->append({&late, 1}).error().code, Errc::unavailable);
    EXPECT_EQ(harness.stores_.metrics->seal(sample.at + std::chrono::hours(2)).error().code, Errc::unavailable);
  }
  EXPECT_TRUE(harness.stores_.fleet->load().value().nodes().empty());
  EXPECT_TRUE(harness.stores_.fleet->commit(change).ok());
  EXPECT_EQ(harness.stores_.metrics->seal(sample.at + std::chrono::hours(2)).value(), 1u);
  harness.reopen();
  EXPECT_EQ(harness.stores_.fleet->load().value().allocations().size(), 1u);
  const SeriesQuery all{
      {"n1-GPU-00", "n1-GPU-01"}, {Metric::gpu_utilization}, sample.at, sample.at + std::chrono::hours(1), Milliseconds(1)};
  EXPECT_EQ(harness.stores_.metrics->query(all).value().size(), 1u);
}

TEST(SqlStore, it_is_known_when_samples_were_last_written) {
  TemporaryDirectory directory;
  EXPECT_EQ(last_written(directory.path()), std::nullopt);
  const auto now = [] { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); };
  const Timestamp before = now() - std::chrono::seconds(1);  // files know less of time than clocks
  SqlStores stores = open_sql_store({.directory = directory.path()}, small_catalogue()).value();
  Sample sample{.resource = "n1-GPU-00", .at = before};
  sample.values.set(Metric::gpu_utilization, 1);
  ASSERT_TRUE(stores.metrics->append({&sample, 1}).ok());
  stores = {};
  const auto written = last_written(directory.path());
  ASSERT_TRUE(written.has_value());
  EXPECT_GE(*written, before);
  EXPECT_LE(*written, now() + std::chrono::seconds(1));
}

TEST(SqlStore, a_directory_that_cannot_be_made_is_unavailable) {
  TemporaryDirectory directory;
  std::ofstream(directory.path()) << "a file";
  const auto opened = open_sql_store({.directory = directory.path() + "/data"}, small_catalogue());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Errc::unavailable);
  EXPECT_NE(opened.error().message.find(directory.path()), std::string::npos);
}

TEST(SqlStore, a_file_that_is_no_database_is_told_and_left_alone) {
  TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path());
  const std::string file = directory.path() + "/fleet.db";
  std::ofstream(file) << std::string(5000, 'x');
  const auto opened = open_sql_store({.directory = directory.path()}, small_catalogue());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Errc::internal);
  EXPECT_NE(opened.error().message.find(file), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(file), 5000u);
}

TEST(SqlStore, tables_of_a_newer_program_are_refused) {
  SqlHarness harness;
  harness.stores_ = {};
  RawFile(harness.directory_.path() + "/fleet.db").run("INSERT INTO schema_migrations VALUES (99, 'later', 'x', 'x')");
  EXPECT_EQ(open_sql_store({.directory = harness.directory_.path()}, small_catalogue()).error().code, Errc::unsupported);
}

TEST(SqlStore, a_migration_that_was_edited_after_it_was_applied_is_noticed) {
  SqlHarness harness;
  harness.stores_ = {};
  RawFile(harness.directory_.path() + "/metrics.db").run("UPDATE schema_migrations SET checksum = 'x'");
  const auto opened = open_sql_store({.directory = harness.directory_.path()}, small_catalogue());
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("migration 1 (first tables)"), std::string::npos) << opened.error().message;
}

// A file as the first release left it: its tables, by its own text, and rows in them.
void make_file_of_first_release(const std::string& path) {
  Database database(path, {Durability::power_cut, 4096, Milliseconds(100)});
  ASSERT_TRUE(migrate(database, path, fleet_migrations.first(1)).ok());
  database.run(
      "INSERT INTO gpu_nodes (node_id, node_name, total_gpus, node_status, created_date) "
      "VALUES ('n1', 'n1', 1, 'ACTIVE', '2026-11-01T00:00:00.000Z')");
  database.run(
      "INSERT INTO gpu_devices (device_id, node_id, device_index, gpu_uuid, device_status, installation_date, state, mig_enabled, "
      "lost, source) VALUES ('n1-GPU-00', 'n1', 0, 'GPU-n1-0', 'ACTIVE', '2026-11-01T00:00:00.000Z', 'ACTIVE', 0, 0, "
      "'reeve-agent')");
  const auto add = [&](const std::string& id, const std::string& status) {
    database.run(
        "INSERT INTO gpu_allocations (allocation_id, namespace, pod_name, resource_type, allocated_resource, "
        "allocated_memory_gb, allocation_time, status, team_id, device_id, cost_per_hour_micro_usd, labels) VALUES ('" +
        id + "', 'ml', 'p', 'FULL_GPU', 'n1-GPU-00', 80, '2026-11-24T12:00:00.000Z', '" + status +
        "', 't1', 'n1-GPU-00', 2950000, '{\"app\":\"llm\"}')");
  };
  add("ALLOC-OLD", "RELEASED");
  add("ALLOC-NOW", "ALLOCATED");
}

TEST(SqlStore, a_file_of_the_first_release_keeps_its_rows_and_learns_to_observe) {
  TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path());
  const std::string file = directory.path() + "/fleet.db";
  make_file_of_first_release(file);
  // The released text: whoever edits it makes files that no release wrote.
  EXPECT_EQ(RawFile(file).value("SELECT checksum FROM schema_migrations WHERE version = 1"), "655092c19c0672f7");
  const SqlStores stores = open_sql_store({.directory = directory.path()}, small_catalogue()).value();
  const Fleet fleet = stores.fleet->load().value();
  ASSERT_EQ(fleet.allocations().size(), 1u);
  const Allocation now = fleet.allocations().begin()->second;
  EXPECT_EQ(now.id.text, "ALLOC-NOW");
  EXPECT_EQ(now.origin, AllocationOrigin::requested);
  EXPECT_EQ(now.team_id, "t1");
  EXPECT_EQ(now.cost_per_hour, MicroUsd(2'950'000));
  EXPECT_EQ(now.labels.at("app"), "llm");
  EXPECT_EQ(stores.fleet->list_allocations({}, "", 10)->items.size(), 2u);
  Allocation seen = make_allocation("OBS-1", "n1-GPU-00", ResourceType::shared_gpu);
  seen.origin = AllocationOrigin::observed;
  EXPECT_TRUE(stores.fleet->commit({.allocations = {seen}}).ok());
  EXPECT_EQ(stores.fleet->commit({.allocations = {make_allocation("ALLOC-2", "n1-GPU-00")}}).error().code, Errc::conflict);
  EXPECT_EQ(RawFile(file).value("SELECT count(*) FROM v_gpu_utilization"), "2");
  EXPECT_EQ(RawFile(file).value("PRAGMA integrity_check"), "ok");
}

TEST(SqlStore, the_old_tables_show_models_devices_and_dollars) {
  SqlHarness harness;
  Allocation allocation = make_allocation("ALLOC-1", "n1-GPU-00-MIG-07", ResourceType::mig_instance);
  allocation.cost_per_hour = MicroUsd(1'250'000);
  Device device = make_device("n1", 0);
  device.mig_enabled = true;
  device.instances.push_back(make_instance(device, 7, "1g.10gb", 19, MiB(9984)));
  Node node = make_node("n1", {device});
  node.address = "[fd00::1]:9400";
  ASSERT_TRUE(harness.stores_.fleet->commit({.nodes = {std::make_shared<const Node>(node)}, .allocations = {allocation}}).ok());
  RawFile file(harness.directory_.path() + "/fleet.db");
  EXPECT_EQ(file.value("SELECT model_name FROM gpu_models WHERE model_id = 'H100_80GB'"), "H100 80GB SXM5");
  EXPECT_EQ(file.value("SELECT device_status FROM gpu_devices"), "MIG_ENABLED");
  EXPECT_EQ(file.value("SELECT node_ip FROM gpu_nodes"), "fd00::1");
  EXPECT_EQ(file.value("SELECT device_id || ' ' || mig_id || ' ' || cost_per_hour FROM gpu_allocations"),
            "n1-GPU-00 n1-GPU-00-MIG-07 1.25");
  EXPECT_EQ(file.value("SELECT allocated || ' ' || allocation_id FROM v_mig_instance_status"), "Y ALLOC-1");
  EXPECT_EQ(file.value("SELECT current_status FROM v_gpu_utilization"), "MIG_PARTITIONED");
}

TEST(SqlStore, reference_rows_follow_the_catalogue_and_never_vanish) {
  SqlHarness harness;
  harness.stores_ = {};
  GpuModel other{.id = ModelId{"x1"}, .name = "X 1", .architecture = "Rubin", .memory_gb = 288};
  ASSERT_TRUE(open_sql_store({.directory = harness.directory_.path()}, Catalogue::make({other}, {}).value()).ok());
  other.name = "X One";
  ASSERT_TRUE(open_sql_store({.directory = harness.directory_.path()}, Catalogue::make({other}, {}).value()).ok());
  RawFile file(harness.directory_.path() + "/fleet.db");
  EXPECT_EQ(file.value("SELECT group_concat(model_name, ', ') FROM (SELECT model_name FROM gpu_models ORDER BY model_id)"),
            "H100 80GB SXM5, X One");
}

TEST(SqlStore, history_is_read_by_many_threads_while_it_is_written) {
  SqlHarness harness;
  std::atomic<bool> stop = false;
  std::atomic<int> failures = 0;
  const Timestamp start = parse_rfc3339("2026-11-24T00:00:00Z").value();
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 6; ++i)
      readers.emplace_back([&] {
        while (!stop) {
          const auto page = harness.stores_.fleet->list_allocations({}, "", 50);
          const auto series = harness.stores_.metrics->query(
              {{"n1-GPU-00"}, {Metric::gpu_utilization}, start, start + std::chrono::hours(9), Milliseconds(1)});
          // Each sweep before the newest one seen is there, whether it is packed already or not.
          if (!page || !series ||
              (!series->empty() && series->front().points.size() != static_cast<std::size_t>(series->front().points.back().last) + 1))
            ++failures;
        }
      });
    for (int i = 0; i < 300; ++i) {
      Sample sample{.resource = "n1-GPU-00", .at = start + std::chrono::minutes(i)};
      sample.values.set(Metric::gpu_utilization, i);
      ASSERT_TRUE(harness.stores_.metrics->append({&sample, 1}).ok());
      if (i % 20 == 0) {
        ASSERT_TRUE(harness.stores_.metrics->seal(sample.at).ok());
        ASSERT_TRUE(harness.stores_.fleet->commit({.audit = {AuditRecord{.at = sample.at}}}).ok());
      }
    }
    stop = true;
  }
  EXPECT_EQ(failures, 0);
}

TEST(SqlStore, packing_forgetting_and_late_samples_may_run_at_once) {
  SqlHarness harness;
  MetricStore& store = *harness.stores_.metrics;
  const Timestamp start = parse_rfc3339("2026-11-24T00:00:00Z").value();
  constexpr int series = 1'200, sweeps = 40;  // two batches of packing an hour
  std::atomic<bool> stop = false;
  {
    std::jthread sealer([&] {
      while (!stop) EXPECT_TRUE(store.seal(start + std::chrono::hours(9)).ok());
    });
    std::jthread forgetter([&] {
      while (!stop) EXPECT_EQ(store.forget(start).value(), 0u);
    });
    std::vector<Sample> batch(series);
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      for (int i = 0; i < series; ++i) {
        batch[static_cast<std::size_t>(i)].resource = "n-GPU-" + std::to_string(i);
        batch[static_cast<std::size_t>(i)].at = start + std::chrono::minutes(sweep * 3);
        batch[static_cast<std::size_t>(i)].values.set(Metric::gpu_utilization, sweep);
      }
      EXPECT_TRUE(store.append(batch).ok());
    }
    stop = true;
  }
  for (int round = 0; round < 2; ++round) {
    const auto fleet = store.query({{}, {Metric::gpu_utilization}, start, start + std::chrono::hours(2), std::chrono::hours(2)}).value();
    ASSERT_EQ(fleet.size(), 1u);
    EXPECT_EQ(fleet[0].points[0].count, static_cast<std::uint32_t>(series * sweeps));
    EXPECT_EQ(fleet[0].points[0].mean, (sweeps - 1) / 2.0);
    ASSERT_TRUE(store.seal(start + std::chrono::hours(9)).ok());
  }
}

TEST(SqlStore, a_sample_before_1970_is_refused_with_its_batch) {
  SqlHarness harness;
  std::vector<Sample> batch(2, Sample{.resource = "d", .at = parse_rfc3339("2026-11-24T00:00:00Z").value()});
  batch[1].at = Timestamp(Milliseconds(-1));
  EXPECT_EQ(harness.stores_.metrics->append(batch).error().code, Errc::invalid_argument);
  const SeriesQuery all{{"d"}, {Metric::gpu_utilization}, Timestamp{}, batch[0].at + std::chrono::hours(1), std::chrono::hours(1)};
  EXPECT_TRUE(harness.stores_.metrics->query(all).value().empty());
}

TEST(SqlStore, a_thousand_series_are_packed_in_several_transactions) {
  SqlHarness harness;
  const Timestamp start = parse_rfc3339("2026-11-24T00:00:00Z").value();
  std::vector<Sample> batch;
  for (int i = 0; i < 1'500; ++i) {
    batch.push_back({.resource = "n-GPU-" + std::to_string(i), .at = start});
    batch.back().values.set(Metric::gpu_utilization, i % 100);
  }
  ASSERT_TRUE(harness.stores_.metrics->append(batch).ok());
  EXPECT_EQ(harness.stores_.metrics->seal(start + std::chrono::hours(1)).value(), 1'500u);
  harness.reopen();
  const auto fleet =
      harness.stores_.metrics->query({{}, {Metric::gpu_utilization}, start, start + std::chrono::hours(1), std::chrono::hours(1)}).value();
  ASSERT_EQ(fleet.size(), 1u);
  EXPECT_EQ(fleet[0].points[0].count, 1'500u);
  EXPECT_EQ(fleet[0].points[0].mean, 49.5);
}

}  // namespace
}  // namespace reeve
