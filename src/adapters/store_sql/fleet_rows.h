#pragma once
// Rows of fleet.db as domain values. Throws as Database does.

#include <vector>

#include "adapters/store_sql/database.h"
#include "domain/allocation/allocation.h"
#include "domain/inventory/fleet.h"

namespace reeve {

// All nodes with their devices and instances, by ascending name.
std::vector<Node> read_nodes(Database& database);

// Columns of a SELECT that allocation_of() reads, and their kinds for Statement.
extern const std::string_view allocation_columns;
extern const std::string_view allocation_kinds;
Allocation allocation_of(const Statement& row);

}  // namespace reeve
