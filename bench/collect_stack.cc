// The collector with its stores, without the rest of the control plane: what rounds over many nodes cost.
//   collect_stack TARGETS_FILE DATA_DIR ROUNDS
// Rounds follow each other at once, but are 30 s apart for the stores. Prints one line a round.

#include <sys/resource.h>

#include <cstdio>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "adapters/fleet_keeper/fleet_keeper.h"
#include "adapters/scraper/scraper.h"
#include "adapters/store_sql/sql_store.h"
#include "adapters/targets/target_files.h"
#include "base/parse.h"
#include "usecases/collect_metrics.h"

namespace {

using namespace std::chrono_literals;

class SteppedClock final : public reeve::Clock {
 public:
  reeve::Timestamp now() const override { return now_; }
  void step(reeve::Milliseconds by) { now_ += by; }

 private:
  reeve::Timestamp now_ = reeve::parse_rfc3339("2026-11-24T12:00:00Z").value();
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::strtol(line.c_str() + 6, nullptr, 10) / 1024;
  return 0;
}

int run(const std::string& targets_file, const std::string& data_dir, int rounds) {
  const reeve::Catalogue catalogue = reeve::load_catalogue().value();
  reeve::SqlStores stores = reeve::open_sql_store({data_dir}, catalogue).value();
  const auto keeper = reeve::make_fleet_keeper(stores.fleet->load().value(), *stores.fleet);
  SteppedClock clock;
  const auto scraper = reeve::make_scraper(clock);
  reeve::MetricsCollector collector({clock, *scraper, *keeper, *stores.metrics, catalogue}, 30s);
  reeve::TargetFiles targets({}, {targets_file}, "");
  for (int i = 0; i < rounds; ++i) {
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    const reeve::CollectReport report = collector.collect(targets.current(), 20s);
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    const auto sealed = stores.metrics->seal(clock.now());
    fmt::print("round {:3}: {} devices, {} samples, {} of {} targets failed, {:.2f} s CPU, {:.2f} s, RSS {} MiB{}{}\n", i + 1,
               report.devices, report.samples, report.failed, report.targets, cpu_seconds() - cpu, wall.count(), resident_mib(),
               sealed && *sealed > 0 ? fmt::format(", {} resource-hours packed", *sealed) : "",
               report.store_error.empty() ? "" : ", " + report.store_error);
    std::fflush(stdout);
    clock.step(30s);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto rounds = argc == 4 ? reeve::parse_number<int>(argv[3]) : std::nullopt;
  if (!rounds) {
    fmt::print(stderr, "usage: collect_stack TARGETS_FILE DATA_DIR ROUNDS\n");
    return 2;
  }
  return run(argv[1], argv[2], *rounds);
}
