#pragma once
// The pods that serve language models as Prometheus metrics: each by itself, and by model.

#include "base/time.h"
#include "delivery/openmetrics/exposition_text.h"
#include "ports/serving_view.h"

namespace reeve::openmetrics {

// The first so many servers by namespace and name are written; reeve_serving_servers counts all.
inline constexpr std::size_t servers_written_max = 5'000;

// Values older than `stale_after` are left out.
void write_serving(ExpositionText& text, const ServingView::Servers& servers, Timestamp now, Milliseconds stale_after);

}  // namespace reeve::openmetrics
