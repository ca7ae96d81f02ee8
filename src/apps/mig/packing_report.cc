#include "apps/mig/packing_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "codec/json_writer.h"

namespace reeve {

std::string packing_as_json(const mig::Geometry& geometry, const mig::Packing& packing) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("gpus", packing.layouts.size()).field("minimal", packing.is_minimal());
  json.key("layouts").begin_array();
  for (const auto& layout : packing.layouts) {
    json.begin_array();
    for (const mig::PlacedInstance& slice : layout) {
      json.begin_object().field("profile", geometry.profile(slice.profile_id)->name).field("profile_id", slice.profile_id);
      json.field("start", slice.placement.start).field("size", slice.placement.size).end_object();
    }
    json.end_array();
  }
  json.end_array().end_object();
  return text + "\n";
}

std::string packing_as_table(const mig::Geometry& geometry, const mig::Packing& packing) {
  std::map<std::string, std::size_t> gpus_with;
  for (const auto& layout : packing.layouts) {
    std::string text;
    for (const mig::PlacedInstance& slice : layout)
      text += fmt::format("{}{}@{}", text.empty() ? "" : " ", geometry.profile(slice.profile_id)->name, slice.placement.start);
    ++gpus_with[text];
  }
  std::vector<std::pair<std::string, std::size_t>> rows(gpus_with.begin(), gpus_with.end());
  std::ranges::stable_sort(rows, std::ranges::greater{}, &std::pair<std::string, std::size_t>::second);
  std::string text =
      fmt::format("{} GPUs ({})\n\nGPUS  LAYOUT\n", packing.layouts.size(),
                  packing.is_minimal() ? "fewer are impossible" : fmt::format("at least {} are needed", packing.lower_bound));
  for (const auto& [layout, count] : rows) text += fmt::format("{:>4}  {}\n", count, layout);
  return text;
}

}  // namespace reeve
