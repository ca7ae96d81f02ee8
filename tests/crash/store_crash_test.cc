// The stores under SIGKILL: a child appends, seals and commits in a loop and acknowledges each success on a pipe; it is
// killed at twenty arbitrary moments. Nothing acknowledged may be lost, nothing may be there twice, the files must open.

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "adapters/store_sql/sql_store.h"
#include "base/check.h"
#include "base/parse.h"

namespace reeve {
namespace {

constexpr int rounds = 20;
constexpr std::chrono::minutes step{5};  // twelve sweeps an hour: many seals in a short life
constexpr int gpus = 70;                 // two blocks of series
const Timestamp start = parse_rfc3339("2026-11-24T00:00:00Z").value();

struct Ack {
  char kind;  // 's' samples of one sweep, 'a' allocation made, 'r' allocation released
  std::int64_t number;
};

SqlStores open_stores(const std::string& directory) {
  auto stores = open_sql_store({directory}, Catalogue::make({}, {}).value());
  if (!stores) std::fprintf(stderr, "%s\n", stores.error().message.c_str());
  REEVE_CHECK(stores.ok());
  return std::move(*stores);
}

std::string gpu_name(int index) { return fmt::format("n1-GPU-{:02}", index); }
Timestamp time_of(std::int64_t number) { return start + step * number; }
double value_of(std::int64_t number) { return static_cast<double>(number % 101); }

std::vector<Sample> sweep(std::int64_t number) {
  std::vector<Sample> samples;
  for (int i = 0; i < gpus; ++i) {
    Sample& sample = samples.emplace_back(Sample{.resource = gpu_name(i), .at = time_of(number)});
    sample.values.set(Metric::gpu_utilization, value_of(number));
  }
  return samples;
}

Allocation allocation(std::int64_t number, AllocationStatus status) {
  Allocation made{.id = AllocationId{fmt::format("ALLOC-{:08X}", number)}, .namespace_name = "crash", .pod_name = "p"};
  made.resource = gpu_name(static_cast<int>(number / 16 % 8));
  made.allocated_at = time_of(number);
  made.status = status;
  return made;
}

// Never returns: it writes until it is killed. Every allocation ends before the next of its GPU begins.
[[noreturn]] void write_until_killed(const std::string& directory, std::int64_t first, int pipe) {
  SqlStores stores = open_stores(directory);
  const auto acknowledge = [&](char kind, std::int64_t number) {
    const Ack ack{kind, number};
    REEVE_CHECK(::write(pipe, &ack, sizeof ack) == sizeof ack);
  };
  for (std::int64_t number = first;; ++number) {
    REEVE_CHECK(stores.metrics->append(sweep(number)).ok());
    acknowledge('s', number);
    if (number % 16 == 0) {
      FleetChange change{.allocations = {allocation(number, AllocationStatus::allocated)},
                         .audit = {{.at = time_of(number), .actor = "crash", .action = "allocate", .subject = "x"}}};
      REEVE_CHECK(stores.fleet->commit(change).ok());
      acknowledge('a', number);
      change.allocations[0].status = AllocationStatus::released;
      REEVE_CHECK(stores.fleet->commit(change).ok());
      acknowledge('r', number);
    }
    if (number % 10 == 0) REEVE_CHECK(stores.metrics->seal(time_of(number)).ok());
  }
}

// What one child acknowledged before it was killed after `microseconds`.
std::vector<Ack> run_and_kill(const std::string& program, const std::string& directory, std::int64_t first, useconds_t microseconds) {
  int ends[2];
  REEVE_CHECK(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const std::string number = std::to_string(first), pipe = std::to_string(ends[1]);
    ::execl(program.c_str(), program.c_str(), "--write", directory.c_str(), number.c_str(), pipe.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  std::vector<Ack> acks;
  Ack ack{};
  if (::read(ends[0], &ack, sizeof ack) == sizeof ack) acks.push_back(ack);  // it has begun
  ::usleep(microseconds);
  ::kill(child, SIGKILL);
  while (::read(ends[0], &ack, sizeof ack) == sizeof ack) acks.push_back(ack);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer ended by itself";
  return acks;
}

std::string integrity(const std::string& file) {
  sqlite3* database = nullptr;
  std::string verdict = "cannot open";
  if (sqlite3_open(file.c_str(), &database) == SQLITE_OK) {
    const auto note = [](void* out, int, char** values, char**) {
      *static_cast<std::string*>(out) = values[0];
      return 0;
    };
    sqlite3_exec(database, "PRAGMA integrity_check", note, &verdict, nullptr);
  }
  sqlite3_close(database);
  return verdict;
}

class StoreCrash : public testing::Test {
 protected:
  StoreCrash() : directory_(testing::TempDir() + "reeve_crash_" + std::to_string(::getpid())) { std::filesystem::remove_all(directory_); }
  ~StoreCrash() override { std::filesystem::remove_all(directory_); }

  void expect_samples(const MetricStore& store) {
    const SeriesQuery raw{{gpu_name(0), gpu_name(gpus - 1)}, {Metric::gpu_utilization}, start, time_of(next_), Milliseconds(1)};
    const auto found = store.query(raw).value();
    ASSERT_EQ(found.size(), 2u);
    for (const Series& series : found) {
      std::set<std::int64_t> there;
      for (const Point& point : series.points) {
        const std::int64_t number = (point.at - start) / step;
        EXPECT_EQ(point.count, 1u);
        EXPECT_EQ(point.last, value_of(number));
        there.insert(number);
      }
      EXPECT_TRUE(std::ranges::includes(there, samples_)) << "an acknowledged sweep is lost";
      EXPECT_LE(there.size(), samples_.size() + rounds) << "more than the sweep under way of each round";
    }
    SeriesQuery hourly = raw;
    hourly.step = std::chrono::hours(1);
    const auto rollups = store.query(hourly).value();
    for (std::size_t i = 0; i < rollups.size(); ++i) {
      std::size_t count = 0;
      for (const Point& hour : rollups[i].points) count += hour.count;
      EXPECT_EQ(count, found[i].points.size()) << "rollups and samples disagree";
    }
  }

  void expect_allocations(const FleetStore& store) {
    for (const auto& [number, released] : allocations_) {
      const auto found = store.find_allocation(allocation(number, AllocationStatus::allocated).id).value();
      ASSERT_TRUE(found.has_value()) << number;
      EXPECT_TRUE(!released || found->status == AllocationStatus::released) << number;
    }
  }

  void note(const std::vector<Ack>& acks) {
    for (const Ack& ack : acks) {
      if (ack.kind == 's') samples_.insert(ack.number);
      if (ack.kind != 's') allocations_[ack.number] = ack.kind == 'r';
      next_ = std::max(next_, ack.number + 2);  // the one under way may be there or not
    }
  }

  // The allocation under way may hold its GPU: it ends before the next round.
  void end_allocations(FleetStore& store) {
    AllocationFilter held{.status = AllocationStatus::allocated};
    auto page = store.list_allocations(held, "", 100).value();
    for (Allocation& left : page.items) left.status = AllocationStatus::released;
    ASSERT_LE(page.items.size(), 1u);
    ASSERT_TRUE(store.commit({.allocations = page.items}).ok());
  }

  std::string directory_;
  std::set<std::int64_t> samples_;
  std::map<std::int64_t, bool> allocations_;  // number -> release acknowledged
  std::int64_t next_ = 0;
};

TEST_F(StoreCrash, nothing_acknowledged_is_lost_or_doubled_when_the_writer_is_killed) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  std::uint32_t random = 12345;
  for (int round = 0; round < rounds; ++round) {
    random = random * 1664525 + 1013904223;
    note(run_and_kill(program, directory_, next_, 1'000 + (random >> 8) % 200'000));
    for (const char* file : {"/fleet.db", "/metrics.db"}) ASSERT_EQ(integrity(directory_ + file), "ok") << file << " in round " << round;
    const SqlStores stores = open_stores(directory_);
    expect_samples(*stores.metrics);
    expect_allocations(*stores.fleet);
    end_allocations(*stores.fleet);
    if (HasFailure()) return;
  }
  EXPECT_GT(samples_.size(), static_cast<std::size_t>(rounds));
  EXPECT_GT(allocations_.size(), static_cast<std::size_t>(rounds));
  std::printf("%d kills: %zu sweeps of %d samples and %zu allocations acknowledged, none lost\n", rounds, samples_.size(), gpus,
              allocations_.size());
}

}  // namespace
}  // namespace reeve

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "--write")
    reeve::write_until_killed(argv[2], reeve::parse_number<std::int64_t>(argv[3]).value(), reeve::parse_number<int>(argv[4]).value());
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
