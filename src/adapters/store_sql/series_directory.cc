#include "adapters/store_sql/series_directory.h"

#include "domain/metrics/resource_key.h"

namespace reeve {

SeriesDirectory::SeriesDirectory(Database& database) {
  Statement rows(database, "SELECT series_id, resource FROM metric_series", "", "it");
  rows.for_each([&] { put(rows.text(1), static_cast<std::uint32_t>(rows.integer(0))); });
}

void SeriesDirectory::put(const std::string& resource, std::uint32_t series) {
  by_resource_[resource] = series;
  if (device_.size() <= series) device_.resize(series + 1);
  device_[series] = resource_key::is_device(resource);
}

std::optional<std::uint32_t> SeriesDirectory::find(const std::string& resource) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_resource_.find(resource);
  return found == by_resource_.end() ? std::nullopt : std::optional(found->second);
}

std::uint32_t SeriesDirectory::next_id() const {
  const std::shared_lock lock(mutex_);
  return static_cast<std::uint32_t>(device_.size());
}

bool SeriesDirectory::is_device(std::uint32_t series) const {
  const std::shared_lock lock(mutex_);
  return series < device_.size() && device_[series];
}

void SeriesDirectory::add(const std::vector<std::string>& resources) {
  const std::scoped_lock lock(mutex_);
  for (const std::string& resource : resources) put(resource, static_cast<std::uint32_t>(device_.size()));
}

}  // namespace reeve
