#pragma once
// Serves the dashboard: its files, and its one page below every address that the page itself understands.

#include <vector>

#include "delivery/web/assets.h"
#include "net/http/router.h"

namespace reeve::web {

// One route for each file and each kind of page. Files under /assets/ carry a hash of their content in their
// name and are kept for ever by browsers; all else is asked for again each time, by ETag. Without assets `/`
// says that this binary has no dashboard. The handlers share prepared bodies, so they may be called from any
// thread and outlive nothing.
std::vector<http::Route> web_routes(const std::vector<Asset>& assets = embedded_assets());

// For Router's `not_found`: a browser that asks for an unknown page gets the dashboard, which says so in the
// reader's language; everybody else, and all of the API, gets `not_found`.
http::Handler page_or(http::Handler not_found, const std::vector<Asset>& assets = embedded_assets());

}  // namespace reeve::web
