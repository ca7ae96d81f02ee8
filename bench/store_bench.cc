// What history costs: bytes a sample, rows a CPU second, latency of queries. One row is one look at one GPU (14 values).
//   store_bench [gpus] [hours] [directory]

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "adapters/store_sql/sql_store.h"
#include "base/parse.h"
#include "simulated_day.h"

namespace {

using namespace reeve;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t metrics_per_row = 14;
const Timestamp start = parse_rfc3339("2026-11-23T00:00:00Z").value();

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double wall_ms(auto work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double at_rank(std::vector<double> values, double rank) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(rank * static_cast<double>(values.size() - 1))];
}

void must(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  std::exit(1);
}

struct Fill {
  double append_cpu = 0, seal_cpu = 0;
  std::vector<double> append_ms{}, seal_ms{};
  std::size_t rows = 0;
};

Fill fill(MetricStore& store, std::size_t gpus, int hour_count) {
  Fill result;
  SimulatedDay day(gpus);
  for (int sweep = 0; sweep < hour_count * 120; ++sweep) {
    const Timestamp at = start + std::chrono::seconds(30 * sweep);
    const std::vector<Sample>& samples = day.sweep(at);
    const double before = cpu_seconds();
    result.append_ms.push_back(wall_ms([&] { must(store.append(samples)); }));
    const double appended = cpu_seconds();
    result.append_cpu += appended - before;
    result.rows += samples.size();
    if (sweep % 120 != 119 || sweep == hour_count * 120 - 1) continue;  // the last hour stays open
    result.seal_ms.push_back(wall_ms([&] { store.seal(at + std::chrono::seconds(30)).value(); }));
    result.seal_cpu += cpu_seconds() - appended;
  }
  return result;
}

void time_query(const MetricStore& store, const char* what, const SeriesQuery& query) {
  std::vector<double> ms;
  std::size_t points = 0;
  for (int round = 0; round < 11; ++round) {
    ms.push_back(wall_ms([&] {
      points = 0;
      const auto found = store.query(query).value();
      for (const Series& series : found) points += series.points.size();
    }));
  }
  std::printf("query %-46s %8zu points  first %8.2f ms  median %8.2f ms\n", what, points, ms[0], at_rank(ms, 0.5));
}

void time_queries(const MetricStore& store, int hour_count) {
  const Timestamp end = start + hours(hour_count);
  const std::vector<std::string> one{"node-0001-GPU-03"};
  const std::vector<Metric> some{Metric::gpu_utilization, Metric::memory_used, Metric::power_usage};
  time_query(store, "1 GPU, open hour, raw", {one, some, end - hours(1), end, Milliseconds(1)});
  time_query(store, "1 GPU, 1 packed hour, raw", {one, some, end - hours(2), end - hours(1), Milliseconds(1)});
  time_query(store, "1 GPU, all, 5 minute steps", {one, some, start, end, minutes(5)});
  time_query(store, "1 GPU, all, hourly", {one, some, start, end, hours(1)});
  time_query(store, "fleet, 1 packed hour, minute steps", {{}, some, end - hours(2), end - hours(1), minutes(1)});
  time_query(store, "fleet, open hour, minute steps", {{}, some, end - hours(1), end, minutes(1)});
  time_query(store, "fleet, all, hourly", {{}, some, start, end, hours(1)});
}

void time_fleet(FleetStore& store) {
  FleetChange all;
  for (int n = 0; n < 1'250; ++n) {
    Node node{.name = NodeName{fmt::format("node-{:04}", n)}};
    for (int g = 0; g < 8; ++g) {
      Device device{.id = device_id(node.name, g), .node = node.name, .index = g, .uuid = GpuUuid{fmt::format("GPU-{}-{}", n, g)}};
      node.devices.push_back(std::move(device));
    }
    all.nodes.push_back(std::make_shared<const Node>(std::move(node)));
  }
  std::printf("fleet: first commit of 10,000 devices %8.1f ms\n", wall_ms([&] { must(store.commit(all)); }));
  std::vector<double> ms;
  for (int i = 0; i < 300; ++i) {
    FleetChange change;
    change.allocations.push_back({.id = AllocationId{fmt::format("ALLOC-{:08X}", i)},
                                  .namespace_name = "bench",
                                  .pod_name = "p",
                                  .resource = fmt::format("node-{:04}-GPU-00", i)});
    ms.push_back(wall_ms([&] { must(store.commit(change)); }));
  }
  std::printf("fleet: commit of one allocation        p50 %6.2f ms  p99 %6.2f ms\n", at_rank(ms, 0.5), at_rank(ms, 0.99));
  std::printf("fleet: load of 10,000 devices          %8.1f ms\n", wall_ms([&] { (void)store.load().value().device_count(); }));
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t gpus = argc > 1 ? parse_number<std::size_t>(argv[1]).value_or(1'000) : 1'000;
  const int hour_count = argc > 2 ? parse_number<int>(argv[2]).value_or(24) : 24;
  const std::string directory = argc > 3 ? argv[3] : (std::filesystem::temp_directory_path() / "reeve_store_bench").string();
  std::filesystem::remove_all(directory);
  {
    SqlStores stores = open_sql_store({directory}, Catalogue::make({}, {}).value()).value();
    const Fill filled = fill(*stores.metrics, gpus, hour_count);
    const double rows = static_cast<double>(filled.rows);
    const double sealed = rows * (hour_count - 1) / hour_count;
    std::printf("%zu GPUs x %d h x 30 s x %zu values = %.0f rows, %.0f samples\n", gpus, hour_count, metrics_per_row, rows,
                rows * metrics_per_row);
    std::printf("append: %10.0f rows per CPU second  sweep p50 %7.2f ms  p99 %7.2f ms\n", rows / filled.append_cpu,
                at_rank(filled.append_ms, 0.5), at_rank(filled.append_ms, 0.99));
    std::printf("seal:   %10.0f rows per CPU second  hour  p50 %7.1f ms  max %7.1f ms\n", sealed / filled.seal_cpu,
                at_rank(filled.seal_ms, 0.5), at_rank(filled.seal_ms, 1));
    time_queries(*stores.metrics, hour_count);
    time_fleet(*stores.fleet);
    must(stores.metrics->seal(start + hours(hour_count + 1)).ok() ? Status(Done{}) : Status(Error{}));
  }
  {
    SqlStores stores;
    std::printf("open again: %.1f ms\n", wall_ms([&] { stores = open_sql_store({directory}, Catalogue::make({}, {}).value()).value(); }));
  }
  const auto bytes = static_cast<double>(std::filesystem::file_size(directory + "/metrics.db"));
  const double samples = static_cast<double>(gpus) * hour_count * 120 * metrics_per_row;
  std::printf("metrics.db: %.0f bytes, %.3f bytes per sample\n", bytes, bytes / samples);
  if (argc <= 3) std::filesystem::remove_all(directory);  // a directory that was named is kept to look at
}
