#pragma once
// Numbered changes of the tables, each applied once and never edited afterwards.

#include <span>
#include <string_view>

#include "adapters/store_sql/database.h"
#include "base/result.h"

namespace reeve {

struct Migration {
  int version = 0;  // 1, 2, 3 ...
  std::string_view name{};
  std::string_view sql{};  // statements, each ended by ";\n"
};

// Applies what is not applied yet, each in one transaction with its line in schema_migrations. Throws as Database does.
// Unsupported: the file has a migration that this program does not know. Internal: one that is applied has another text
// than ours (checksum).
Status migrate(Database& database, std::string_view path, std::span<const Migration> migrations);

extern const std::span<const Migration> fleet_migrations;
extern const std::span<const Migration> metric_migrations;

}  // namespace reeve
