#pragma once
// The figures in the text of an engine's /metrics, which anybody may have written.

#include <optional>
#include <string_view>

#include "domain/serving/engine_metrics.h"

namespace reeve {

// Absent: the text has no figure of an engine. See FigureReader::finish for `expected`. Broken lines are skipped.
std::optional<serving::Figures> figures_from_exposition(std::string_view text, serving::Engine expected);

}  // namespace reeve
