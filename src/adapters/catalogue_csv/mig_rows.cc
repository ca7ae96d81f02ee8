#include "adapters/catalogue_csv/mig_rows.h"

#include <algorithm>

#include <fmt/format.h>

#include "adapters/catalogue_csv/row_reader.h"

namespace reeve {
namespace {

const std::vector<std::string_view> gpu_required{"gpu",        "pci_device_ids", "profile",          "smi_profile_id", "nvml_enum",
                                                 "gpu_slices", "mem_slices",     "placement_starts", "placement_size", "max_instances"};
const std::vector<std::string_view> gpu_optional{"memory_gib_smi", "memory_mib", "sm",  "copy_engines", "nvdec",    "nvenc",
                                                 "nvjpg",          "ofa",        "p2p", "source",       "verified", "note"};
const std::vector<std::string_view> compute_required{"gpu",    "gpu_instance_profile", "name",    "ci_profile_id",    "nvml_enum",
                                                     "slices", "max_instances",        "default", "placement_starts", "placement_size"};
const std::vector<std::string_view> compute_optional{"sm", "source", "verified", "note"};

constexpr int slots_max = 64;  // of any GPU to come; today's have 4, 8 or 12

int required(RowReader& row, std::string_view column, int min, int max) { return static_cast<int>(row.required_integer(column, min, max)); }
int number_or_zero(RowReader& row, std::string_view column) { return static_cast<int>(row.integer(column, 0, 1'000'000).value_or(0)); }

// "2_SLICE(1)" or "1" -> 1.
int nvml_enum(RowReader& row) {
  std::string_view text = row.text("nvml_enum");
  if (const std::size_t open = text.find('('); open != std::string_view::npos && text.ends_with(')'))
    text = text.substr(open + 1, text.size() - open - 2);
  const auto value = parse_number<int>(text);
  if (!value || *value < 0) row.fault("nvml_enum", fmt::format("'{}' is not like 2_SLICE(1)", row.text("nvml_enum")));
  return value.value_or(0);
}

std::vector<int> starts(RowReader& row) {
  std::vector<int> found;
  for (const std::string& part : row.list("placement_starts", ' ')) {
    const auto start = parse_number<int>(part);
    if (!start || *start < 0 || *start >= slots_max)
      row.fault("placement_starts", fmt::format("'{}' is not a slot number", part));
    else
      found.push_back(*start);
  }
  if (found.empty()) row.fault("placement_starts", "must name a start");
  if (std::ranges::adjacent_find(found, std::greater_equal{}) != found.end()) row.fault("placement_starts", "must ascend");
  return found;
}

mig::MediaClaim media_claim(std::string_view profile) {
  if (profile.ends_with("+me.all")) return mig::MediaClaim::all;
  if (profile.ends_with("+me")) return mig::MediaClaim::extensions;
  if (profile.ends_with("-me")) return mig::MediaClaim::none;
  return mig::MediaClaim::usual;
}

mig::GpuInstanceProfile gpu_profile(RowReader& row) {
  mig::GpuInstanceProfile profile;
  profile.name = row.required_text("profile");
  profile.id = required(row, "smi_profile_id", 0, 1023);
  profile.nvml_enum = nvml_enum(row);
  profile.gpu_slices = required(row, "gpu_slices", 1, slots_max);
  profile.memory_slices = required(row, "mem_slices", 1, slots_max);
  profile.memory = MiB(row.integer("memory_mib", 0, 100'000'000).value_or(0));
  profile.multiprocessors = number_or_zero(row, "sm");
  profile.copy_engines = number_or_zero(row, "copy_engines");
  profile.decoders = number_or_zero(row, "nvdec");
  profile.encoders = number_or_zero(row, "nvenc");
  profile.jpeg_engines = number_or_zero(row, "nvjpg");
  profile.ofa_engines = number_or_zero(row, "ofa");
  profile.max_instances = required(row, "max_instances", 1, slots_max);
  profile.starts = starts(row);
  profile.size = required(row, "placement_size", 1, slots_max);
  const std::string& p2p = row.text("p2p");
  if (p2p != "Yes" && p2p != "No" && !p2p.empty()) row.fault("p2p", fmt::format("'{}' is neither Yes nor No", p2p));
  profile.p2p = p2p == "Yes";
  profile.media = media_claim(profile.name);
  profile.graphics = profile.name.ends_with("+gfx");
  return profile;
}

GeometryRows* find_geometry(std::vector<GeometryRows>& geometries, std::string_view name) {
  const auto named = [&](const GeometryRows& rows) {
    return rows.name == name || (rows.name.starts_with(name) && std::string_view(rows.name).substr(name.size()).starts_with(" ("));
  };
  const auto found = std::ranges::find_if(geometries, named);
  return found == geometries.end() ? nullptr : &*found;
}

template <class Profile, class Same>
void put(std::vector<Profile>& profiles, Profile profile, Same same) {
  const auto known = std::ranges::find_if(profiles, same);
  if (known == profiles.end())
    profiles.push_back(std::move(profile));
  else
    *known = std::move(profile);
}

void read_compute_row(RowReader& row, std::vector<GeometryRows>& geometries) {
  mig::ComputeInstanceProfile profile;
  profile.name = row.required_text("name");
  profile.id = required(row, "ci_profile_id", 0, 1023);
  profile.nvml_enum = nvml_enum(row);
  profile.slices = required(row, "slices", 1, slots_max);
  profile.max_instances = required(row, "max_instances", 1, slots_max);
  const std::string& whole = row.text("default");
  if (whole != "*" && !whole.empty()) row.fault("default", fmt::format("'{}' is neither * nor empty", whole));
  profile.whole_instance = whole == "*";
  profile.multiprocessors = number_or_zero(row, "sm");
  profile.starts = starts(row);
  profile.size = required(row, "placement_size", 1, slots_max);
  GeometryRows* geometry = find_geometry(geometries, row.required_text("gpu"));
  if (geometry == nullptr) return row.fault("gpu", fmt::format("no GPU instance profiles of '{}' are known", row.text("gpu")));
  const auto owner = std::ranges::find(geometry->profiles, row.text("gpu_instance_profile"), &mig::GpuInstanceProfile::name);
  if (owner == geometry->profiles.end())
    return row.fault("gpu_instance_profile", fmt::format("'{}' has no profile '{}'", geometry->name, row.text("gpu_instance_profile")));
  profile.gpu_instance_profile = owner->id;
  const auto same = [&](const mig::ComputeInstanceProfile& other) {
    return other.gpu_instance_profile == profile.gpu_instance_profile && other.id == profile.id;
  };
  put(geometry->compute_profiles, profile, same);
}

// A row of GPU instance profiles, kept until all rows of its GPU are known.
struct ReadRow {
  RowReader row;
  std::size_t geometry = 0;  // index
  mig::GpuInstanceProfile profile{};
};

// `read`: the rows of this file before it.
void check_against_others(const ReadRow& now, const GeometryRows& geometry, const std::vector<ReadRow>& read) {
  RowReader row = now.row;
  for (const ReadRow& other : read)
    if (other.geometry == now.geometry && other.profile.id == now.profile.id)
      row.fault("smi_profile_id", fmt::format("{} is there twice", now.profile.id));
  for (const mig::GpuInstanceProfile& other : geometry.profiles) {
    if (other.id == now.profile.id) continue;
    if (other.name == now.profile.name) row.fault("profile", fmt::format("'{}' is the name of profile {} already", other.name, other.id));
    if (other.nvml_enum == now.profile.nvml_enum)
      row.fault("nvml_enum", fmt::format("{} is the number of profile {} already", other.nvml_enum, other.id));
  }
  const int starts_count = static_cast<int>(now.profile.starts.size());
  if (starts_count > 0 && now.profile.max_instances > starts_count)
    row.fault("max_instances", fmt::format("{} instances do not fit on {} starts", now.profile.max_instances, starts_count));
}

void check_owner(RowReader& row, const std::vector<std::string>& pci_device_ids, const GeometryRows& geometry,
                 const std::vector<GeometryRows>& geometries) {
  for (const GeometryRows& other : geometries)
    for (const std::string& id : pci_device_ids)
      if (&other != &geometry && std::ranges::count(other.pci_device_ids, id) != 0)
        row.fault("pci_device_ids", fmt::format("{} is '{}' already", id, other.name));
}

// A GPU has as many memory slots as its largest profile covers.
void check_slots(ReadRow& read, const std::vector<GeometryRows>& geometries) {
  int slots = 0;
  for (const mig::GpuInstanceProfile& profile : geometries[read.geometry].profiles) slots = std::max(slots, profile.size);
  const mig::GpuInstanceProfile& profile = read.profile;
  for (const int start : profile.starts)
    if (start + profile.size > slots)
      read.row.fault("placement_starts",
                     fmt::format("{} slots from {} on are outside the {} slots of the GPU", profile.size, start, slots));
  if (profile.memory_slices > slots)
    read.row.fault("mem_slices", fmt::format("{} is more than the {} slots of the GPU", profile.memory_slices, slots));
}

}  // namespace

Status read_gpu_instance_profiles(const CatalogueFile& file, std::vector<GeometryRows>& geometries) {
  const auto table = read_csv(file.name, file.text);
  if (!table) return table.error();
  std::vector<CsvFault> faults = check_columns(*table, gpu_required, gpu_optional);
  if (!faults.empty()) return csv_error(file.name, std::move(faults));
  std::vector<ReadRow> read;
  for (const CsvRow& fields : table->rows) {
    RowReader row(*table, fields, faults);
    const std::string name = row.required_text("gpu");
    GeometryRows* geometry = find_geometry(geometries, name);
    if (geometry == nullptr) geometry = &geometries.emplace_back(GeometryRows{.name = name});
    const std::size_t faults_before = faults.size();
    const ReadRow now{row, static_cast<std::size_t>(geometry - geometries.data()), gpu_profile(row)};
    if (faults.size() != faults_before) continue;  // what it meant to say is not known
    check_against_others(now, *geometry, read);
    std::vector<std::string> pci_device_ids = row.pci_ids("pci_device_ids");
    const bool first = std::ranges::find(read, now.geometry, &ReadRow::geometry) == read.end();
    if (!first && pci_device_ids != geometry->pci_device_ids)
      row.fault("pci_device_ids", fmt::format("must be the same in all rows of '{}'", name));
    if (first) check_owner(row, pci_device_ids, *geometry, geometries);
    geometry->pci_device_ids = std::move(pci_device_ids);
    put(geometry->profiles, now.profile, [&](const mig::GpuInstanceProfile& other) { return other.id == now.profile.id; });
    read.push_back(now);
  }
  if (faults.empty())
    for (ReadRow& row : read) check_slots(row, geometries);
  if (!faults.empty()) return csv_error(file.name, std::move(faults));
  return Done{};
}

Status read_compute_instance_profiles(const CatalogueFile& file, std::vector<GeometryRows>& geometries) {
  const auto table = read_csv(file.name, file.text);
  if (!table) return table.error();
  std::vector<CsvFault> faults = check_columns(*table, compute_required, compute_optional);
  if (!faults.empty()) return csv_error(file.name, std::move(faults));
  for (const CsvRow& fields : table->rows) {
    RowReader row(*table, fields, faults);
    read_compute_row(row, geometries);
  }
  if (!faults.empty()) return csv_error(file.name, std::move(faults));
  return Done{};
}

}  // namespace reeve
