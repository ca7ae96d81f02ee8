#pragma once
// The FleetStore in fleet.db. See ports/fleet_store.h for threads and failures.

#include <memory>

#include "domain/catalogue/catalogue.h"
#include "ports/fleet_store.h"

namespace reeve {

Result<std::unique_ptr<FleetStore>> open_sql_fleet_store(const std::string& path, Milliseconds lock_patience, const Catalogue& catalogue);

}  // namespace reeve
