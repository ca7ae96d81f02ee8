#pragma once
// The MetricStore in metrics.db. See ports/metric_store.h for threads and failures.

#include <memory>

#include "ports/metric_store.h"

namespace reeve {

Result<std::unique_ptr<MetricStore>> open_sql_metric_store(const std::string& path, Milliseconds lock_patience);

}  // namespace reeve
