#include "adapters/store_sql/sql_fleet_store.h"

#include <fmt/format.h>

#include "adapters/store_sql/fleet_rows.h"
#include "adapters/store_sql/fleet_writer.h"
#include "adapters/store_sql/migration.h"
#include "adapters/store_sql/reference_tables.h"

namespace reeve {
namespace {

constexpr int page_bytes = 4096;

// Where a page of allocations ended: "<allocation time>|<id>".
struct Cursor {
  Timestamp at{};
  std::string id{};
};

std::optional<Cursor> parse_cursor(const std::string& text) {
  const std::size_t bar = text.find('|');
  if (bar == std::string::npos) return std::nullopt;
  const auto at = parse_rfc3339(std::string_view(text).substr(0, bar));
  if (!at) return std::nullopt;
  return Cursor{*at, text.substr(bar + 1)};
}

// The WHERE clause of a listing with the texts that go into it, in order.
class Conditions {
 public:
  template <class... Values>
  void add(std::string_view condition, Values... values) {
    sql_ += fmt::format("{} {}", values_.empty() ? " WHERE" : " AND", condition);
    (values_.push_back(std::move(values)), ...);
  }
  const std::string& sql() const { return sql_; }
  std::string kinds() const { return std::string(values_.size(), 't'); }
  void bind(Statement& statement) const {
    for (std::size_t i = 0; i < values_.size(); ++i) statement.bind(i, values_[i]);
  }

 private:
  std::string sql_;
  std::vector<std::string> values_;
};

Conditions conditions_of(const AllocationFilter& filter) {
  Conditions conditions;
  if (filter.namespace_name) conditions.add("namespace = :namespace", *filter.namespace_name);
  if (filter.user_id) conditions.add("user_id = :user", *filter.user_id);
  if (filter.team_id) conditions.add("team_id = :team", *filter.team_id);
  if (filter.resource) conditions.add("allocated_resource = :resource", *filter.resource);
  if (filter.status) conditions.add("status = :status", std::string(to_text(*filter.status)));
  if (filter.origin) conditions.add("origin = :origin", std::string(to_text(*filter.origin)));
  if (filter.allocated_from) conditions.add("allocation_time >= :from", to_rfc3339(*filter.allocated_from));
  if (filter.allocated_before) conditions.add("allocation_time < :before", to_rfc3339(*filter.allocated_before));
  return conditions;
}

class SqlFleetStore final : public FleetStore {
 public:
  SqlFleetStore(const std::string& path, Milliseconds lock_patience)
      : path_(path), database_(path, {Durability::power_cut, page_bytes, lock_patience}), readers_(path, lock_patience) {}

  Status open(const Catalogue& catalogue) {
    if (const Status migrated = migrate(database_, path_, fleet_migrations); !migrated) return migrated;
    Transaction transaction(database_);
    write_reference_tables(database_, catalogue);
    transaction.commit();
    writer_.emplace(database_);
    return Done{};
  }

  Result<Fleet> load() override {
    return guarded("load the fleet", path_, [&]() -> Result<Fleet> {
      FleetDraft draft{Fleet()};
      Transaction snapshot(database_);
      for (Node& node : read_nodes(database_))
        if (const Status put = draft.put_node(std::move(node)); !put) return put.error();
      // What was asked for goes first: what was seen may stand beside it, not the other way round.
      Statement rows(database_,
                     fmt::format("SELECT {} FROM gpu_allocations WHERE status = 'ALLOCATED' ORDER BY origin = 'observed', allocation_id",
                                 allocation_columns),
                     "", allocation_kinds);
      Status put = Done{};
      rows.for_each([&] {
        if (put) put = draft.put_allocation(allocation_of(rows));
      });
      if (!put) return put.error();
      return *std::move(draft).finish();
    });
  }

  Status commit(const FleetChange& change) override {
    return guarded("commit the fleet", path_, [&]() -> Status {
      Transaction transaction(database_);
      writer_->write(change);
      transaction.commit();
      return Done{};
    });
  }

  Result<AllocationPage> list_allocations(const AllocationFilter& filter, const std::string& cursor, std::size_t limit) const override {
    Conditions conditions = conditions_of(filter);
    if (!cursor.empty()) {
      const auto last = parse_cursor(cursor);
      if (!last) return Error{Errc::invalid_argument, "cannot list allocations: no page gave that cursor", "cursor"};
      const std::string at = to_rfc3339(last->at);
      // The first part is implied by the second; it lets the index begin there.
      conditions.add("allocation_time <= :bound AND (allocation_time, :id) < (:last, allocation_id)", at, last->id, at);
    }
    return list(conditions, limit);
  }

  Result<std::optional<Allocation>> find_allocation(const AllocationId& id) const override {
    return guarded("read an allocation", path_, [&]() -> Result<std::optional<Allocation>> {
      auto reader = readers_.take();
      Statement rows(*reader, fmt::format("SELECT {} FROM gpu_allocations WHERE allocation_id = :id", allocation_columns), "t",
                     allocation_kinds);
      rows.bind(0, id.text);
      std::optional<Allocation> found;
      rows.for_each([&] { found = allocation_of(rows); });
      return found;
    });
  }

  Result<std::optional<IdempotencyRecord>> find_idempotency(const std::string& key) const override {
    return guarded("read an idempotency key", path_, [&]() -> Result<std::optional<IdempotencyRecord>> {
      auto reader = readers_.take();
      Statement rows(*reader, "SELECT request_digest, allocation_id, created_at FROM idempotency_keys WHERE idempotency_key = :key", "t",
                     "ttt");
      rows.bind(0, key);
      std::optional<IdempotencyRecord> found;
      rows.for_each(
          [&] { found = {.key = key, .request_digest = rows.text(0), .allocation = AllocationId{rows.text(1)}, .at = rows.time(2)}; });
      return found;
    });
  }

  Result<std::vector<AuditRecord>> list_audit(const std::string& subject, std::size_t limit) const override {
    return guarded("read the audit trail", path_, [&]() -> Result<std::vector<AuditRecord>> {
      auto reader = readers_.take();
      Conditions conditions;
      if (!subject.empty()) conditions.add("subject = :subject", subject);
      Statement rows(
          *reader,
          fmt::format("SELECT created_at, actor, action, subject, detail FROM audit_log{} ORDER BY created_at DESC, audit_id DESC LIMIT {}",
                      conditions.sql(), limit),
          conditions.kinds(), "ttttt");
      conditions.bind(rows);
      std::vector<AuditRecord> found;
      rows.for_each([&] {
        found.push_back(
            {.at = rows.time(0), .actor = rows.text(1), .action = rows.text(2), .subject = rows.text(3), .detail = rows.text(4)});
      });
      return found;
    });
  }

 private:
  Result<AllocationPage> list(const Conditions& conditions, std::size_t limit) const {
    return guarded("list allocations", path_, [&]() -> Result<AllocationPage> {
      auto reader = readers_.take();
      Statement rows(*reader,
                     fmt::format("SELECT {} FROM gpu_allocations{} ORDER BY allocation_time DESC, allocation_id LIMIT {}",
                                 allocation_columns, conditions.sql(), limit + 1),
                     conditions.kinds(), allocation_kinds);
      conditions.bind(rows);
      AllocationPage page;
      rows.for_each([&] { page.items.push_back(allocation_of(rows)); });
      if (page.items.size() > limit) {
        page.items.resize(limit);
        if (limit != 0) page.next_cursor = fmt::format("{}|{}", to_rfc3339(page.items.back().allocated_at), page.items.back().id.text);
      }
      return page;
    });
  }

  std::string path_;
  Database database_;
  std::optional<FleetWriter> writer_;
  mutable ReaderPool readers_;
};

}  // namespace

Result<std::unique_ptr<FleetStore>> open_sql_fleet_store(const std::string& path, Milliseconds lock_patience, const Catalogue& catalogue) {
  return guarded("open the fleet", path, [&]() -> Result<std::unique_ptr<FleetStore>> {
    auto store = std::make_unique<SqlFleetStore>(path, lock_patience);
    if (const Status opened = store->open(catalogue); !opened) return opened.error();
    return std::unique_ptr<FleetStore>(std::move(store));
  });
}

}  // namespace reeve
