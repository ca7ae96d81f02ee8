#include "adapters/store_sql/sql_metric_store.h"

#include <mutex>

#include <fmt/format.h>

#include "adapters/store_sql/metric_appender.h"
#include "adapters/store_sql/metric_keys.h"
#include "adapters/store_sql/metric_reader.h"
#include "adapters/store_sql/metric_sealer.h"
#include "adapters/store_sql/migration.h"

namespace reeve {
namespace {

constexpr int page_bytes = 16'384;  // a block of open rows takes 2 to 3 KB: smaller pages would stay half empty

class SqlMetricStore final : public MetricStore {
 public:
  SqlMetricStore(const std::string& path, Milliseconds lock_patience)
      : path_(path), database_(path, {Durability::process_crash, page_bytes, lock_patience}), readers_(path, lock_patience) {}

  Status open() {
    if (const Status migrated = migrate(database_, path_, metric_migrations); !migrated) return migrated;
    columns_.emplace(database_);
    directory_.emplace(database_);
    appender_.emplace(database_, *columns_, *directory_);
    sealer_.emplace(database_, *directory_, writing_);
    return Done{};
  }

  Status append(std::span<const Sample> batch) override {
    const std::scoped_lock lock(writing_);
    return guarded("append metrics", path_, [&] { return appender_->append(batch); });
  }

  Result<std::size_t> seal(Timestamp now) override {
    const std::scoped_lock lock(sealing_);
    return guarded("pack metrics", path_, [&] { return sealer_->seal(hour_of(now)); });
  }

  Result<std::vector<Series>> query(const SeriesQuery& query) const override {
    if (query.step <= Milliseconds(0)) return Error{Errc::invalid_argument, "cannot query metrics: the step must be above 0", "step"};
    if (query.from > query.to) return Error{Errc::invalid_argument, "cannot query metrics: from is after to", "from"};
    return guarded("read metrics", path_, [&] {
      auto reader = readers_.take();
      return MetricReader(*reader, *columns_, *directory_, query).read();
    });
  }

  Result<std::size_t> forget(Timestamp before) override {
    const std::scoped_lock lock(sealing_);
    return guarded("forget old metrics", path_, [&]() -> Result<std::size_t> {
      const std::int64_t end = hour_of(before);
      // What is open still becomes resource-hours first, so that all of them are counted and removed alike.
      if (const auto sealed = sealer_->seal(end); !sealed) return sealed.error();
      std::size_t forgotten = 0;
      for (std::optional<std::int64_t> hour; (hour = oldest_hour()) && *hour < end;) forgotten += forget_hour(*hour);
      const std::scoped_lock writing(writing_);
      Statement events(database_, "DELETE FROM device_events WHERE at < :before", "i");
      events.bind(0, std::int64_t{before.time_since_epoch().count()});
      events.execute();
      return forgotten;
    });
  }

  Status append_events(std::span<const DeviceEvent> events) override {
    const std::scoped_lock lock(writing_);
    return guarded("append device events", path_, [&]() -> Status {
      Transaction transaction(database_);
      Statement put(database_,
                    "INSERT OR IGNORE INTO device_events (gpu_uuid, at, code, gpu_instance, sequence) VALUES (:a, :b, :c, :d, :e)",
                    "tiiii");
      for (const DeviceEvent& event : events) {
        put.bind(0, event.device.text);
        put.bind(1, std::int64_t{event.at.time_since_epoch().count()});
        put.bind(2, event.code);
        put.bind(3, event.gpu_instance);
        put.bind(4, static_cast<std::int64_t>(event.sequence));
        put.execute();
      }
      transaction.commit();
      return Done{};
    });
  }

  Result<std::vector<DeviceEvent>> list_events(const GpuUuid& device, Timestamp from, Timestamp to, std::size_t limit) const override {
    return guarded("read device events", path_, [&]() -> Result<std::vector<DeviceEvent>> {
      auto reader = readers_.take();
      Statement rows(*reader,
                     fmt::format("SELECT gpu_uuid, at, code, gpu_instance, sequence FROM device_events WHERE at >= :from AND at < :to{} "
                                 "ORDER BY at DESC, sequence DESC LIMIT {}",
                                 device.empty() ? "" : " AND gpu_uuid = :device", limit),
                     device.empty() ? "ii" : "iit", "tiiii");
      rows.bind(0, std::int64_t{from.time_since_epoch().count()});
      rows.bind(1, std::int64_t{to.time_since_epoch().count()});
      if (!device.empty()) rows.bind(2, device.text);
      std::vector<DeviceEvent> found;
      rows.for_each([&] {
        DeviceEvent event{
            .at = Timestamp(Milliseconds(rows.integer(1))), .device = GpuUuid{rows.text(0)}, .code = static_cast<int>(rows.integer(2))};
        if (const auto instance = rows.maybe_integer(3)) event.gpu_instance = static_cast<int>(*instance);
        event.sequence = static_cast<std::uint64_t>(rows.integer(4));
        found.push_back(std::move(event));
      });
      return found;
    });
  }

 private:
  std::optional<std::int64_t> oldest_hour() {
    const std::scoped_lock lock(writing_);
    Statement oldest(database_, "SELECT min(hour_series) >> 24 FROM packed_hours", "", "i");
    std::optional<std::int64_t> hour;
    oldest.for_each([&] { hour = oldest.maybe_integer(0); });
    return hour;
  }

  // One transaction an hour: a long absence of the cleaner does not end in one huge write.
  std::size_t forget_hour(std::int64_t hour) {
    const std::scoped_lock lock(writing_);
    Transaction transaction(database_);
    std::size_t forgotten = 0;
    Statement count(database_, "SELECT count(*) FROM packed_hours WHERE hour_series BETWEEN :first AND :last", "ii", "i");
    count.bind(0, hour_series(hour, 0));
    count.bind(1, hour_series(hour, series_max));
    count.for_each([&] { forgotten = static_cast<std::size_t>(count.integer(0)); });
    for (const char* table : {"packed_hours", "hourly_rollups"}) {
      Statement remove(database_, fmt::format("DELETE FROM {} WHERE hour_series BETWEEN :first AND :last", table), "ii");
      remove.bind(0, hour_series(hour, 0));
      remove.bind(1, hour_series(hour, fleet_series));
      remove.execute();
    }
    transaction.commit();
    return forgotten;
  }

  std::string path_;
  std::mutex sealing_;  // taken before writing_
  std::mutex writing_;  // around every use of database_: an append waits for one batch of packing at most
  Database database_;
  std::optional<MetricColumns> columns_;
  std::optional<SeriesDirectory> directory_;
  std::optional<MetricAppender> appender_;
  std::optional<MetricSealer> sealer_;
  mutable ReaderPool readers_;
};

}  // namespace

Result<std::unique_ptr<MetricStore>> open_sql_metric_store(const std::string& path, Milliseconds lock_patience) {
  return guarded("open metrics", path, [&]() -> Result<std::unique_ptr<MetricStore>> {
    auto store = std::make_unique<SqlMetricStore>(path, lock_patience);
    if (const Status opened = store->open(); !opened) return opened.error();
    return std::unique_ptr<MetricStore>(std::move(store));
  });
}

}  // namespace reeve
