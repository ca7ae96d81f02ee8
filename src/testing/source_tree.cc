#include "testing/source_tree.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace reeve {

std::string source_path(const std::string& path) { return REEVE_SOURCE_DIR "/" + path; }

std::string source_text(const std::string& path) {
  std::ifstream file(source_path(path));
  EXPECT_TRUE(file.is_open()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace reeve
