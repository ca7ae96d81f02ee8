#include "adapters/store_sql/sql_store.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "adapters/store_sql/sql_fleet_store.h"
#include "adapters/store_sql/sql_metric_store.h"

namespace reeve {

Result<SqlStores> open_sql_store(const SqlStoreOptions& options, const Catalogue& catalogue) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) return Error{Errc::unavailable, fmt::format("cannot make data directory '{}': {}", options.directory, error.message())};
  auto fleet = open_sql_fleet_store(options.directory + "/fleet.db", options.lock_patience, catalogue);
  if (!fleet) return fleet.error();
  auto metrics = open_sql_metric_store(options.directory + "/metrics.db", options.lock_patience);
  if (!metrics) return metrics.error();
  return SqlStores{std::move(*fleet), std::move(*metrics)};
}

std::optional<Timestamp> last_written(const std::string& directory) {
  std::optional<Timestamp> newest;
  for (const char* name : {"metrics.db", "metrics.db-wal"}) {
    std::error_code missing;
    const auto at = std::filesystem::last_write_time(std::filesystem::path(directory) / name, missing);
    if (missing) continue;
    const auto time = std::chrono::time_point_cast<Milliseconds>(std::chrono::file_clock::to_sys(at));
    newest = std::max(newest.value_or(Timestamp::min()), Timestamp(time.time_since_epoch()));
  }
  return newest;
}

}  // namespace reeve
