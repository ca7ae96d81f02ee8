#pragma once
// `reeve top`: the fleet's GPUs, live on a terminal, or once.

#include "delivery/cli/session.h"
#include "delivery/cli/top_screen.h"

namespace reeve::cli {

struct TopRequest {
  Parameters parameters{};  // filters of the device list
  std::string sort = "name";
  std::string filter{};
  bool once = false;
  bool slices = false;
  double interval_seconds = 2;
};

Result<TopData> fetch_top(const Session& session, const Parameters& parameters);

// Once, as lines, when asked or when the output is no terminal; with -o json or yaml the data as a document.
Status top(const Session& session, const TopRequest& request);

// Draws until the user leaves or a signal asks to end; the terminal is given back as it was.
Status top_live(const Session& session, const TopRequest& request, TopView view, TopData data);

}  // namespace reeve::cli
