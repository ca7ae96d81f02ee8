#pragma once
#include "adapters/store_sql/database.h"
#include "domain/catalogue/catalogue.h"

namespace reeve {

// Makes gpu_models and mig_profiles say what the catalogue says. Rows that the catalogue no longer has stay: old
// allocations may speak of them. Within the caller's transaction; throws as Database does.
void write_reference_tables(Database& database, const Catalogue& catalogue);

}  // namespace reeve
