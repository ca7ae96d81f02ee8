#pragma once
// The old system's API over a world of fakes, and its goldens: what its tests share.

#include <gtest/gtest.h>

#include <boost/json/value.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "delivery/legacy/legacy_api.h"
#include "net/http/router.h"
#include "testing/api_world.h"
#include "testing/fake_collector.h"
#include "testing/source_tree.h"

namespace reeve::legacy {

class LegacyWorld : protected ApiWorld {
 protected:
  FakeCollector collector_;
  // Slow work is done at once.
  LegacyApi api_{.keeper = keeper_,
                 .store = keeper_.store,
                 .metrics = metrics_,
                 .catalogue = catalogue_,
                 .prices = prices_,
                 .clock = clock_,
                 .ids = ids_,
                 .collector = collector_,
                 .collect_status = collector_,
                 .cluster = cluster_,
                 .holdings = holdings_,
                 .serving = serving_,
                 .run_slow = [](std::move_only_function<void()> job) { return job(), true; }};
  http::Router router_{legacy_routes(api_), legacy_not_found(api_), legacy_method_not_allowed(api_)};
};

struct GoldenCase {
  const char* name;
  const char* path;
};

// With REEVE_WRITE_GOLDENS set, the golden is written anew instead.
inline void expect_golden(const std::string& name, const std::string& body) {
  const std::string path = source_path("tests/data/legacy/" + name + ".json");
  if (std::getenv("REEVE_WRITE_GOLDENS") != nullptr) std::ofstream(path) << body << '\n';
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_EQ(body + "\n", text.str()) << name;
}

inline std::string field_names(const boost::json::value& value) {
  std::string names;
  for (const auto& field : value.as_object()) names += (names.empty() ? "" : " ") + std::string(field.key());
  return names;
}

}  // namespace reeve::legacy
