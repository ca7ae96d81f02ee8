#pragma once
// `reeve describe KIND NAME`: everything that is known of one thing, for people.

#include <string>

#include "delivery/cli/kinds.h"
#include "delivery/cli/session.h"

namespace reeve::cli {

bool can_describe(const Kind& kind);

Status describe(const Session& session, const Kind& kind, const std::string& name);

// "61.9GiB", "12.3%", "410 MHz": a metric's value in the unit that its name ends in.
std::string measure_text(std::string_view metric, double value);

}  // namespace reeve::cli
