#pragma once
// The fleet as Prometheus metrics, under the names that the old system's Grafana boards read.

#include "base/time.h"
#include "delivery/openmetrics/exposition_text.h"
#include "domain/inventory/fleet.h"

namespace reeve::openmetrics {

// Values older than `stale_after` are left out: an old number must not look like a new one.
void write_fleet(ExpositionText& text, const Fleet& fleet, Timestamp now, Milliseconds stale_after);

}  // namespace reeve::openmetrics
