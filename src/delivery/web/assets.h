#pragma once
// The built dashboard as bytes of the binary. The table is written by cmake/WebAssets.cmake.

#include <string_view>
#include <vector>

namespace reeve::web {

struct Asset {
  std::string_view path{};   // "/assets/index-3f2a.js"
  std::string_view bytes{};  // lives as long as the process
};

// Empty when the binary was built without the dashboard.
std::vector<Asset> embedded_assets();

}  // namespace reeve::web
