#include "testing/mig_tables.h"

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>
#include <vector>

#include "base/parse.h"
#include "testing/source_tree.h"

namespace reeve::testing {
namespace {

using namespace mig;

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> row(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      row.emplace_back();
    else if (c != '\r')
      row.back() += c;
  }
  return row;
}

int number(const std::string& text) { return parse_number<int>(text).value_or(0); }

std::vector<int> numbers(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<int>(in), std::istream_iterator<int>()};
}

MediaClaim media_claim(const std::string& name) {
  if (name.ends_with("+me.all")) return MediaClaim::all;
  if (name.ends_with("+me")) return MediaClaim::extensions;
  return name.ends_with("-me") ? MediaClaim::none : MediaClaim::usual;
}

// The geometries of data/, by the first word of their name ("A100-40GB", "RTX").
std::map<std::string, Geometry> read_geometries() {
  std::map<std::string, std::vector<GpuInstanceProfile>> tables;
  std::istringstream lines(source_text("data/mig_gpu_instance_profiles.csv"));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const auto row = cells(line);
    GpuInstanceProfile profile{.id = number(row[3]), .name = row[2], .gpu_slices = number(row[5]), .memory_slices = number(row[6])};
    profile.nvml_enum = number(row[4].substr(row[4].find('(') + 1, row[4].find(')') - row[4].find('(') - 1));
    profile.multiprocessors = number(row[9]);
    profile.max_instances = number(row[15]);
    profile.starts = numbers(row[16]);
    profile.size = number(row[17]);
    profile.media = media_claim(row[2]);
    tables[row[0]].push_back(profile);
  }
  std::map<std::string, Geometry> result;
  for (auto& [name, profiles] : tables) {
    std::vector<ComputeInstanceProfile> none;
    Result<Geometry> geometry = Geometry::make(name, {}, profiles, none);
    EXPECT_TRUE(geometry.ok()) << name;
    if (geometry) result.emplace(name.substr(0, name.find(' ')), *geometry);
  }
  return result;
}

}  // namespace

const std::map<std::string, mig::Geometry>& all_geometries() {
  static const auto geometries = read_geometries();
  return geometries;
}

}  // namespace reeve::testing
