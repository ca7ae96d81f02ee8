#include "apps/mig/wanted_slices.h"

#include <fmt/format.h>

#include "base/parse.h"

namespace reeve {
namespace {

std::string_view trimmed(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

const mig::GpuInstanceProfile* profile_of(const mig::Geometry& geometry, std::string_view word) {
  if (const auto* named = geometry.profile_by_name(word)) return named;
  const auto id = parse_number<int>(word);
  return id ? geometry.profile(*id) : nullptr;
}

std::string names_of(const mig::Geometry& geometry) {
  std::string names;
  for (const mig::GpuInstanceProfile& profile : geometry.profiles()) names += fmt::format("{}{}", names.empty() ? "" : ", ", profile.name);
  return names;
}

}  // namespace

Result<std::vector<int>> parse_wanted_slices(std::string_view text, const mig::Geometry& geometry) {
  std::vector<int> wanted;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view word = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (word.empty()) continue;
    const auto* profile = profile_of(geometry, word);
    if (profile == nullptr)
      return Error{Errc::invalid_argument,
                   fmt::format("line {}: {} has no profile '{}'; it has {}", number, geometry.name(), word, names_of(geometry))};
    wanted.push_back(profile->id);
  }
  return wanted;
}

}  // namespace reeve
