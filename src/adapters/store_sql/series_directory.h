#pragma once
// Which number each resource has in metrics.db. Threads: any.

#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/store_sql/database.h"

namespace reeve {

class SeriesDirectory {
 public:
  // Throws as Database does.
  explicit SeriesDirectory(Database& database);

  std::optional<std::uint32_t> find(const std::string& resource) const;
  std::uint32_t next_id() const;
  bool is_device(std::uint32_t series) const;

  // Called once they are committed; numbers follow on from next_id().
  void add(const std::vector<std::string>& resources);

 private:
  void put(const std::string& resource, std::uint32_t series);

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::uint32_t> by_resource_;
  std::vector<bool> device_;  // by series; grows with the numbers
};

}  // namespace reeve
