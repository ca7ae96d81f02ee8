#pragma once
// SQLite through SOCI, as this adapter uses it: sessions, prepared statements, transactions, errors.

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace soci {
class session;
class statement;
class transaction;
}  // namespace soci

namespace reeve {

enum class Durability {
  power_cut,      // synchronous=FULL: a commit is on the disk before it returns
  process_crash,  // synchronous=NORMAL in WAL mode: a power cut may lose the last commits, never the file
};

// One connection. Threads: one at a time. Throws SOCI's exceptions, which guarded() turns into Errors.
class Database {
 public:
  struct Options {
    Durability durability = Durability::power_cut;
    int page_bytes = 4096;         // counts for a new file only
    Milliseconds lock_patience{};  // how long a statement waits for a lock that another connection holds
  };
  Database(const std::string& path, const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const std::string& sql);
  soci::session& session() { return *session_; }

 private:
  std::unique_ptr<soci::session> session_;
};

// Rolls back unless commit() was called. A transaction that only reads is a snapshot.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  void commit();

 private:
  std::unique_ptr<soci::transaction> transaction_;
};

// A prepared statement. Parameters and columns go by position from 0; `params` and `columns` give their kinds,
// one letter each: t text or bytes (CAST(:x AS BLOB) in the SQL), i whole number, r real.
class Statement {
 public:
  Statement(Database& database, const std::string& sql, std::string_view params, std::string_view columns = "");
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(std::size_t param, std::string_view text);
  void bind(std::size_t param, const std::string& text) { bind(param, std::string_view(text)); }
  void bind(std::size_t param, const char* text) { bind(param, std::string_view(text)); }
  void bind(std::size_t param, std::int64_t number);
  void bind(std::size_t param, int number) { bind(param, std::int64_t{number}); }
  void bind(std::size_t param, bool flag) { bind(param, std::int64_t{flag ? 1 : 0}); }
  void bind(std::size_t param, double number);
  void bind(std::size_t param, Timestamp time) { bind(param, to_rfc3339(time)); }
  void bind_null(std::size_t param);
  template <class T>
  void bind(std::size_t param, const std::optional<T>& maybe) {
    if (maybe)
      bind(param, *maybe);
    else
      bind_null(param);
  }
  // Empty text is NULL: "not given" has one form in the tables.
  void bind_or_null(std::size_t param, const std::string& text) {
    if (text.empty())
      bind_null(param);
    else
      bind(param, text);
  }

  // For statements without columns.
  void execute();

  // Calls visit() for each row; inside it the column methods read that row. Always reads to the end, so that the
  // statement holds no snapshot afterwards.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (bool row = first(); row; row = next()) visit();
  }

  bool is_null(std::size_t column) const;
  const std::string& text(std::size_t column) const;  // empty where NULL
  std::int64_t integer(std::size_t column) const;     // 0 where NULL
  double real(std::size_t column) const;              // 0 where NULL
  std::optional<std::int64_t> maybe_integer(std::size_t column) const;
  Timestamp time(std::size_t column) const;  // the epoch where NULL or not a time
  std::optional<Timestamp> maybe_time(std::size_t column) const;

 private:
  struct Value;
  bool first();
  bool next();

  std::unique_ptr<soci::statement> statement_;
  std::deque<Value> params_;
  std::deque<Value> columns_;
};

// "cannot <what> in '<path>': <reason>". Unavailable: full, read-only, locked, not reachable. Conflict: a constraint.
Error database_error(const std::exception& thrown, std::string_view what, std::string_view path);

// Runs `work`, which returns a Result, and turns what the database throws into an Error.
template <class Work>
auto guarded(std::string_view what, std::string_view path, Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& thrown) {
    return database_error(thrown, what, path);
  }
}

// Connections for reading: several threads at once, each with a snapshot of its own. Threads: any.
class ReaderPool {
 public:
  ReaderPool(std::string path, Milliseconds lock_patience) : path_(std::move(path)), lock_patience_(lock_patience) {}

  // Gives the connection back when destroyed.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Database> database) : pool_(pool), database_(std::move(database)) {}
    ~Lease() { pool_.give_back(std::move(database_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Database& operator*() { return *database_; }

   private:
    ReaderPool& pool_;
    std::unique_ptr<Database> database_;
  };

  // Waits while all connections are out. Throws as Database does.
  Lease take();

 private:
  void give_back(std::unique_ptr<Database> database);

  std::string path_;
  Milliseconds lock_patience_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Database>> idle_;
  std::size_t out_ = 0;
};

}  // namespace reeve
