#pragma once
// Fleet and metrics in SQLite, reached through SOCI. Two files in one directory, so that a write of metrics
// never delays an allocation: fleet.db (every commit survives a power cut) and metrics.db (a crash of the
// process loses nothing that was acknowledged; a power cut may lose the last sweeps).

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "domain/catalogue/catalogue.h"
#include "ports/fleet_store.h"
#include "ports/metric_store.h"

namespace reeve {

struct SqlStoreOptions {
  std::string directory{};            // made when it is missing
  Milliseconds lock_patience{5'000};  // how long to wait for another process that writes the same file
};

// Threads and failures are those of the ports. Both may outlive the catalogue.
struct SqlStores {
  std::unique_ptr<FleetStore> fleet{};
  std::unique_ptr<MetricStore> metrics{};
};

// Opens or makes both files, brings their tables up to date and fills the reference tables from `catalogue`.
// Unavailable: the directory or a file cannot be made, read or locked. Unsupported: a newer Reeve wrote it.
// Internal: it is no database, or is broken.
Result<SqlStores> open_sql_store(const SqlStoreOptions& options, const Catalogue& catalogue);

// When a program last wrote samples there: each round of a collector does. To be asked before open_sql_store(). Absent:
// there is no store yet.
std::optional<Timestamp> last_written(const std::string& directory);

}  // namespace reeve
