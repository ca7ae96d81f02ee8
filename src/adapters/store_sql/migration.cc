#include "adapters/store_sql/migration.h"

#include <map>

#include <fmt/format.h>

namespace reeve {
namespace {

// FNV-1a: tells an edited text from the applied one; nobody is an adversary here.
std::string checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

void apply(Database& database, const Migration& migration) {
  Transaction transaction(database);
  std::string_view rest = migration.sql;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(";\n"), rest.size());
    database.run(std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  Statement note(database,
                 "INSERT INTO schema_migrations (version, name, checksum, applied_at) "
                 "VALUES (:version, :name, :checksum, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
                 "itt");
  note.bind(0, migration.version);
  note.bind(1, migration.name);
  note.bind(2, checksum(migration.sql));
  note.execute();
  transaction.commit();
}

}  // namespace

Status migrate(Database& database, std::string_view path, std::span<const Migration> migrations) {
  database.run(
      "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "
      "applied_at TEXT NOT NULL)");
  std::map<std::int64_t, std::string> applied;
  Statement list(database, "SELECT version, checksum FROM schema_migrations", "", "it");
  list.for_each([&] { applied[list.integer(0)] = list.text(1); });
  if (!applied.empty() && applied.rbegin()->first > static_cast<std::int64_t>(migrations.size()))
    return Error{Errc::unsupported, fmt::format("cannot open '{}': its tables have version {}, this program knows {}", path,
                                                applied.rbegin()->first, migrations.size())};
  for (const Migration& migration : migrations) {
    const auto known = applied.find(migration.version);
    if (known == applied.end())
      apply(database, migration);
    else if (known->second != checksum(migration.sql))
      return Error{Errc::internal, fmt::format("cannot open '{}': migration {} ({}) was applied with another text", path, migration.version,
                                               migration.name)};
  }
  return Done{};
}

}  // namespace reeve
