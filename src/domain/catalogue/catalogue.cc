#include "domain/catalogue/catalogue.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <fmt/format.h>

namespace reeve {
namespace {

// "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb" -> "a100 sxm4 40gb": drivers, labels and
// data sheets differ in case, blanks, dashes and the maker's name only.
std::string plain_name(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const bool gap = c == ' ' || c == '-' || c == '_';
    if (!gap)
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!plain.empty() && plain.back() != ' ')
      plain += ' ';
  }
  if (const std::size_t mig = plain.find(" mig "); mig != std::string::npos) plain.resize(mig);
  while (plain.ends_with(' ')) plain.pop_back();
  if (plain.starts_with("nvidia ")) plain.erase(0, 7);
  return plain;
}

std::vector<std::string> plain_names(const GpuModel& model) {
  std::vector<std::string> names{plain_name(model.name)};
  for (const std::string& name : model.driver_product_names) names.push_back(plain_name(name));
  for (const std::string& label : model.kubernetes_labels) names.push_back(plain_name(label));
  return names;
}

// Drivers keep up to a tenth of the brochure size for ECC and themselves, and their versions differ in it.
bool memory_fits(const GpuModel& model, MiB reported) {
  const auto near = [&](std::int64_t expected) { return std::abs(reported.count() - expected) * 100 <= expected * 12; };
  return (model.driver_memory && near(model.driver_memory->count())) || near(model.memory_gb * 1024) ||
         near(model.memory_gb * 1'000'000'000 / 1'048'576);
}

// The same name on boards of different size (RTX 3080 10 GB and 12 GB): the size that the driver says decides.
bool contradicts(const GpuModel& model, std::optional<MiB> reported) {
  return reported && model.driver_memory && !memory_fits(model, *reported);
}

// "2330", "0x2330", "0x233010DE" -> "2330"; empty when it is neither.
std::string plain_pci_id(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  if (text.size() != 4 && text.size() != 8) return {};
  std::string id;
  for (const char c : text.substr(0, 4)) id += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return id;
}

}  // namespace

Result<Catalogue> Catalogue::make(std::vector<GpuModel> models, std::vector<mig::Geometry> geometries) {
  Catalogue catalogue;
  std::unordered_map<std::string, std::size_t> geometry_of_pci;
  for (std::size_t i = 0; i < geometries.size(); ++i)
    for (const std::string& pci : geometries[i].pci_device_ids())
      if (const auto [other, fresh] = geometry_of_pci.emplace(pci, i); !fresh)
        return Error{Errc::invalid_argument, fmt::format("cannot use MIG geometry '{}': '{}' has PCI device id {} too",
                                                         geometries[i].name(), geometries[other->second].name(), pci)};
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!catalogue.by_id_.emplace(models[i].id, i).second)
      return Error{Errc::invalid_argument, fmt::format("cannot use GPU model '{}': the id is there twice", models[i].id.text)};
    if (models[i].partition != PartitionKind::mig) continue;
    for (const std::string& pci : models[i].pci_device_ids)
      if (const auto found = geometry_of_pci.find(pci); found != geometry_of_pci.end())
        catalogue.geometry_of_.emplace(models[i].id, found->second);
  }
  catalogue.models_ = std::move(models);
  catalogue.geometries_ = std::move(geometries);
  return catalogue;
}

const GpuModel* Catalogue::find(const ModelId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &models_[found->second];
}

const mig::Geometry* Catalogue::geometry(const ModelId& id) const {
  const auto found = geometry_of_.find(id);
  return found == geometry_of_.end() ? nullptr : &geometries_[found->second];
}

const GpuModel* Catalogue::recognise(const ModelClues& clues) const {
  const std::string name = plain_name(clues.product_name);
  const bool may_be_family = name.find_first_of("0123456789") != std::string::npos;  // "a100" is, "geforce" says too little
  std::vector<const GpuModel*> same, family;
  for (const GpuModel& model : models_) {
    if (name.empty() || contradicts(model, clues.memory)) continue;
    const std::vector<std::string> names = plain_names(model);
    if (std::ranges::find(names, name) != names.end()) same.push_back(&model);
    const bool begins = std::ranges::any_of(names, [&](const std::string& full) { return full.starts_with(name + ' '); });
    if (may_be_family && begins && clues.memory && memory_fits(model, *clues.memory)) family.push_back(&model);
  }
  if (same.size() == 1) return same.front();
  if (same.empty() && family.size() == 1) return family.front();

  const std::string pci = plain_pci_id(clues.pci_device_id);
  const auto has_pci = [&](const GpuModel& model) { return std::ranges::find(model.pci_device_ids, pci) != model.pci_device_ids.end(); };
  const auto found = pci.empty() ? models_.end() : std::ranges::find_if(models_, has_pci);
  return found == models_.end() ? nullptr : &*found;
}

}  // namespace reeve
