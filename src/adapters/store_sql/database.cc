#include "adapters/store_sql/database.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sqlite3.h>

#include <fmt/format.h>

namespace reeve {
namespace {

constexpr std::size_t readers_max = 4;      // as many HTTP threads as may read history at once
constexpr int reader_cache_kib = 4 * 1024;  // of each reader; the writer has SQLite's default

}  // namespace

Database::Database(const std::string& path, const Options& options) {
  session_ = std::make_unique<soci::session>(soci::sqlite3, fmt::format("db=\"{}\"", path));
  run(fmt::format("PRAGMA busy_timeout = {}", options.lock_patience.count()));
  run(fmt::format("PRAGMA page_size = {}", options.page_bytes));
  run("PRAGMA journal_mode = WAL");
  run(options.durability == Durability::power_cut ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  run("PRAGMA foreign_keys = ON");
}

Database::~Database() = default;

void Database::run(const std::string& sql) { *session_ << sql; }

Transaction::Transaction(Database& database) : transaction_(std::make_unique<soci::transaction>(database.session())) {}

Transaction::~Transaction() {
  try {
    transaction_.reset();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): a destructor has nobody to tell
    // A rollback that fails leaves the transaction to SQLite, which drops it with the connection or at the next open.
  }
}

void Transaction::commit() { transaction_->commit(); }

struct Statement::Value {
  std::string text{};
  long long integer = 0;
  double real = 0;
  soci::indicator indicator = soci::i_null;
};

Statement::Statement(Database& database, const std::string& sql, std::string_view params, std::string_view columns)
    : statement_(std::make_unique<soci::statement>(database.session())) {
  // soci::use() and into() refer to their own temporaries: each must be made inside the call that takes it.
  statement_->alloc();
  for (const char kind : columns) {
    Value& value = columns_.emplace_back();
    switch (kind) {
      case 'i': statement_->exchange(soci::into(value.integer, value.indicator)); break;
      case 'r': statement_->exchange(soci::into(value.real, value.indicator)); break;
      default: statement_->exchange(soci::into(value.text, value.indicator));
    }
  }
  for (const char kind : params) {
    Value& value = params_.emplace_back();
    switch (kind) {
      case 'i': statement_->exchange(soci::use(value.integer, value.indicator)); break;
      case 'r': statement_->exchange(soci::use(value.real, value.indicator)); break;
      default: statement_->exchange(soci::use(value.text, value.indicator));
    }
  }
  statement_->prepare(sql);
  statement_->define_and_bind();
}

Statement::~Statement() = default;

void Statement::bind(std::size_t param, std::string_view text) {
  params_[param].text = text;
  params_[param].indicator = soci::i_ok;
}

void Statement::bind(std::size_t param, std::int64_t number) {
  params_[param].integer = number;
  params_[param].indicator = soci::i_ok;
}

void Statement::bind(std::size_t param, double number) {
  params_[param].real = number;
  params_[param].indicator = soci::i_ok;
}

void Statement::bind_null(std::size_t param) { params_[param].indicator = soci::i_null; }

void Statement::execute() { statement_->execute(true); }
bool Statement::first() { return statement_->execute(true); }
bool Statement::next() { return statement_->fetch(); }

bool Statement::is_null(std::size_t column) const { return columns_[column].indicator != soci::i_ok; }

const std::string& Statement::text(std::size_t column) const {
  static const std::string none;
  return is_null(column) ? none : columns_[column].text;
}

std::int64_t Statement::integer(std::size_t column) const { return is_null(column) ? 0 : columns_[column].integer; }
double Statement::real(std::size_t column) const { return is_null(column) ? 0 : columns_[column].real; }

std::optional<std::int64_t> Statement::maybe_integer(std::size_t column) const {
  return is_null(column) ? std::nullopt : std::optional<std::int64_t>(columns_[column].integer);
}

Timestamp Statement::time(std::size_t column) const { return maybe_time(column).value_or(Timestamp{}); }
std::optional<Timestamp> Statement::maybe_time(std::size_t column) const { return parse_rfc3339(text(column)); }

Error database_error(const std::exception& thrown, std::string_view what, std::string_view path) {
  Errc code = Errc::internal;
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&thrown)) {
    switch (sqlite->result() & 0xFF) {  // without the extended part
      case SQLITE_CONSTRAINT: code = Errc::conflict; break;
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
      case SQLITE_FULL:
      case SQLITE_READONLY:
      case SQLITE_IOERR:
      case SQLITE_CANTOPEN:
      case SQLITE_PERM:
      case SQLITE_NOMEM: code = Errc::unavailable; break;
      default: break;
    }
  }
  return {code, fmt::format("cannot {} in '{}': {}", what, path, thrown.what())};
}

ReaderPool::Lease ReaderPool::take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return out_ < readers_max; });
  ++out_;
  if (!idle_.empty()) {
    std::unique_ptr<Database> database = std::move(idle_.back());
    idle_.pop_back();
    return {*this, std::move(database)};
  }
  lock.unlock();
  try {
    auto database =
        std::make_unique<Database>(path_, Database::Options{.durability = Durability::process_crash, .lock_patience = lock_patience_});
    database->run("PRAGMA query_only = 1");
    database->run(fmt::format("PRAGMA cache_size = -{}", reader_cache_kib));
    return {*this, std::move(database)};
  } catch (const std::exception&) {
    give_back(nullptr);
    throw;
  }
}

void ReaderPool::give_back(std::unique_ptr<Database> database) {
  const std::scoped_lock lock(mutex_);
  --out_;
  if (database) idle_.push_back(std::move(database));
  returned_.notify_one();
}

}  // namespace reeve
