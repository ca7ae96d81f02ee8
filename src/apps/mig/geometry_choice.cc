#include "apps/mig/geometry_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace reeve {
namespace {

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view first_word(std::string_view name) { return name.substr(0, name.find(' ')); }

}  // namespace

Result<const mig::Geometry*> choose_geometry(const Catalogue& catalogue, const std::string& gpu) {
  std::string known;
  for (const mig::Geometry& geometry : catalogue.geometries()) {
    if (same_word(first_word(geometry.name()), gpu) || same_word(geometry.name(), gpu)) return &geometry;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", first_word(geometry.name()));
  }
  for (const GpuModel& model : catalogue.models())
    if (same_word(model.id.text, gpu))
      if (const mig::Geometry* geometry = catalogue.geometry(model.id)) return geometry;
  return Error{Errc::not_found, fmt::format("cannot cut '{}' into slices: no such GPU with MIG is known; known are {}", gpu, known)};
}

}  // namespace reeve
