#include "sim/model/board.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/parse.h"

namespace reeve::sim {
namespace {

struct Capture {  // of nvidia-smi -q
  std::string_view product;
  std::string_view vbios;
  unsigned int subsystem_id;
  double idle_watts, min_limit_watts;
  int reserved_mib, bar1_mib, banks;
  Clocks clocks;
  Thresholds relative;
};

constexpr std::array captures{
    Capture{"NVIDIA A100-SXM4-40GB", "92.00.45.00.03", 0x134F10DE, 49, 100, 518, 65536, 640, {210, 1410, 1095, 1215, 585, 1290}, {}},
    Capture{"Tesla T4", "90.04.96.00.02", 0x12A210DE, 9, 60, 448, 256, 0, {300, 1590, 585, 5001, 540, 1470}, {}},
    Capture{"NVIDIA L40S", "95.02.66.00.15", 0x185110DE, 35, 100, 609, 65536, 192, {210, 2520, 2520, 9001, 1185, 1965}, {-5, -2, 0, 0}},
    Capture{"NVIDIA H100 80GB HBM3",
            "96.00.99.00.01",
            0x16C110DE,
            68,
            200,
            480,
            131072,
            2560,
            {345, 1980, 1980, 2619, 765, 1545},
            {-8, -2, 0, 0}},
    Capture{"NVIDIA B200", "97.00.FA.00.09", 0x199910DE, 195, 200, 728, 262144, 3840, {120, 1965, 1965, 3996, 600, 1965}, {-5, -3, 0, 0}},
    Capture{"NVIDIA GB200", "97.00.B9.00.69", 0x204610DE, 166, 200, 742, 262144, 3968, {120, 2062, 2062, 3996, 600, 1890}, {-5, -2, 0, 0}},
    Capture{"NVIDIA GB300", "97.10.4A.00.1A", 0x21F110DE, 180, 200, 947, 524288, 5952, {120, 2070, 2070, 3996, 600, 1912}, {-5, -2, 0, 0}},
};

// Stand-ins for boards without a capture of their own.
constexpr Capture volta{"Tesla V100", "88.00.98.00.01", 0x124910DE, 40, 150, 308, 32768, 0, {135, 1530, 1290, 877, 555, 1372}, {}};
constexpr Capture pascal_card{"GTX 10", "86.02.39.00.2A", 0x11DF10DE, 9, 90, 160, 256, 0, {139, 1911, 1607, 5005, 544, 1708}, {}};
constexpr Capture turing_card{"RTX 20", "90.02.0B.00.0E", 0x12A910DE, 12, 105, 190, 256, 0, {300, 2100, 1515, 7000, 540, 1950}, {}};
constexpr Capture ampere_card{"RTX 30", "94.02.26.00.0E", 0x146710DE, 22, 100, 330, 256, 0, {210, 2100, 1695, 9751, 555, 1950}, {}};
constexpr Capture ada_card{"RTX 40",      "95.02.18.80.5F", 0x165B10DE, 20, 150, 440, 32768, 0, {210, 3105, 3105, 10501, 1185, 2415},
                           {-7, -2, 0, 0}};
constexpr Capture blackwell_card{"RTX 50",      "98.02.2E.40.71", 0x205710DE, 28, 150, 520, 32768, 192, {180, 3090, 3090, 14001, 600, 2760},
                                 {-5, -2, 0, 0}};

bool is_geforce(std::string_view product) { return product.contains("GeForce") || product.contains("TITAN"); }

unsigned int architecture_number(std::string_view name) {
  if (name.starts_with("Pascal")) return 4;
  if (name.starts_with("Volta")) return 5;
  if (name.starts_with("Turing")) return 6;
  if (name.starts_with("Ampere")) return 7;
  if (name.starts_with("Ada")) return 8;
  if (name.starts_with("Hopper")) return 9;
  if (name.starts_with("Blackwell")) return 10;
  return 0;
}

const Capture& capture_of(const Board& board) {
  for (const Capture& capture : captures)
    if (capture.product == board.product_name) return capture;
  const bool card = is_geforce(board.product_name) || board.product_name.contains("RTX");
  switch (board.architecture) {
    case 4: return pascal_card;
    case 5: return volta;
    case 6: return card ? turing_card : captures[1];
    case 7: return board.compute_minor == 0 ? captures[0] : ampere_card;
    case 8: return card ? ada_card : captures[2];
    case 9: return captures[3];
    default: return card ? blackwell_card : board.model.text.starts_with("b300") ? captures[6] : captures[4];
  }
}

NvLinks links_of(const GpuModel& model, bool geforce) {
  const std::string& text = model.interconnect;
  const bool only_with_bridge = text.contains("bridge") || geforce;
  if (!text.starts_with("NVLink ") || only_with_bridge) return {};
  const auto open = text.find('(');
  NvLinks links;
  links.count = open == std::string::npos ? 18 : std::atoi(text.c_str() + open + 1);  // GH200 names no number: 18
  switch (text[7]) {
    case '2': links.version = 2, links.bytes_per_second = 25781e6; break;
    case '3': links.version = 4, links.bytes_per_second = 25000e6; break;
    case '4': links.version = 6, links.bytes_per_second = 26562e6; break;
    default: links.version = 7, links.bytes_per_second = 53125e6; break;
  }
  return links;
}

Abilities abilities_of(const Board& board, bool geforce, bool memory_is_hbm) {
  const unsigned int arch = board.architecture;
  const bool ga100 = arch == 7 && board.compute_minor == 0;
  Abilities can;
  can.inforom = !geforce;
  can.ecc = !geforce;
  can.memory_temperature = memory_is_hbm;
  can.absolute_thresholds = arch <= 7;
  can.relative_thresholds = arch >= 8;
  can.power_average = arch >= 7 && !ga100;
  can.power_instant = arch >= 7 || (arch == 6 && !geforce);
  can.averaged_power = can.power_average;
  can.energy = arch >= 5;
  can.locked_clocks = arch >= 5;
  can.retired_pages = arch <= 6 && !geforce;
  can.remapped_rows = arch >= 7 && !geforce;
  can.resetless_mig = arch >= 9;
  can.gpm = arch >= 9 && !geforce;
  can.fabric = arch >= 9 && board.nvlinks.count > 0;
  can.acoustic_thresholds = geforce && arch <= 7;
  return can;
}

Thresholds absolute_thresholds(const Board& board, bool geforce) {
  if (geforce) return {98, 95, board.architecture >= 7 ? 93 : 84, 0};
  switch (board.architecture) {
    case 5: return {90, 87, 83, 85};
    case 6: return {96, 93, 85, 0};
    case 7: return board.compute_minor == 0 ? Thresholds{92, 89, 85, 95} : Thresholds{98, 95, 88, 0};
    default: return {95, 89, 87, 95};
  }
}

// Multiprocessors of profiles that nobody captured (3g and up on Blackwell, all of B300): as many slices of the
// smallest one, or of B200's. A driver never says 0.
mig::Geometry with_multiprocessors(const mig::Geometry& known) {
  constexpr int of_b200_slice = 18;
  const mig::GpuInstanceProfile* one = known.profile_by_enum(0);
  const int of_slice = one != nullptr && one->multiprocessors > 0 ? one->multiprocessors : of_b200_slice;
  std::vector<mig::GpuInstanceProfile> profiles(known.profiles().begin(), known.profiles().end());
  std::vector<mig::ComputeInstanceProfile> compute_profiles;
  for (mig::GpuInstanceProfile& profile : profiles) {
    if (profile.multiprocessors == 0) profile.multiprocessors = of_slice * profile.gpu_slices;
    for (mig::ComputeInstanceProfile compute : known.compute_profiles(profile.id)) {
      if (compute.multiprocessors == 0) compute.multiprocessors = of_slice * compute.slices;
      compute_profiles.push_back(std::move(compute));
    }
  }
  auto filled = mig::Geometry::make(known.name(), known.pci_device_ids(), std::move(profiles), std::move(compute_profiles));
  return filled ? *std::move(filled) : known;
}

void fill_from_capture(Board& board, const Capture& capture) {
  board.vbios_version = capture.vbios;
  board.subsystem_id = capture.subsystem_id;
  board.idle_watts = std::min(capture.idle_watts, board.tdp_watts * 0.25);
  board.min_limit_watts = std::min(capture.min_limit_watts, std::floor(board.tdp_watts * 0.9));
  board.memory_reserved = MiB(std::min<std::int64_t>(capture.reserved_mib, board.memory_total.count() / 40));
  board.bar1_total = MiB(capture.bar1_mib);
  board.clocks = capture.clocks;
  board.spare_row_banks = capture.banks;
  board.relative_limits = capture.relative;
}

}  // namespace

double Board::pcie_bytes_per_second() const { return 0.985e9 * 16 * std::pow(2.0, pcie_generation - 3); }

MiB Board::instance_memory(const mig::GpuInstanceProfile& profile) const {
  if (profile.memory.count() > 0 || !geometry) return profile.memory;
  const std::int64_t share = (memory_total - memory_reserved).count() * profile.memory_slices / geometry->slots();
  return MiB(share / 128 * 128);  // as coarse as the captured ones
}

Result<std::shared_ptr<const Board>> make_board(const Catalogue& catalogue, const ModelId& id, const std::string& product_name) {
  const GpuModel* model = catalogue.find(id);
  if (model == nullptr) return Error{Errc::not_found, fmt::format("cannot simulate '{}': the catalogue has no such model", id.text)};
  if (model->vendor != Vendor::nvidia)
    return Error{Errc::unsupported, fmt::format("cannot simulate '{}': it is not an NVIDIA GPU", id.text)};
  Board board{.model = id};
  const auto& names = model->driver_product_names;
  const auto named = std::ranges::find(names, product_name);
  if (!product_name.empty() && named == names.end())
    return Error{Errc::invalid_argument, fmt::format("cannot simulate '{}': the driver does not call it '{}'", id.text, product_name)};
  const std::size_t which = product_name.empty() ? 0 : static_cast<std::size_t>(named - names.begin());
  board.product_name = names.empty() ? "NVIDIA " + model->name : names[which];
  if (!model->pci_device_ids.empty()) board.pci_device_id = model->pci_device_ids[std::min(which, model->pci_device_ids.size() - 1)];
  const bool geforce = is_geforce(board.product_name);
  board.architecture = architecture_number(model->architecture);
  const auto dot = model->compute_capability.find('.');
  board.compute_major = parse_number<int>(std::string_view(model->compute_capability).substr(0, dot)).value_or(0);
  board.compute_minor = dot == std::string::npos ? 0 : std::atoi(model->compute_capability.c_str() + dot + 1);
  board.memory_total = model->driver_memory.value_or(MiB(model->memory_gb * 1000 * 1000 * 1000 / (1024 * 1024)));
  board.memory_bytes_per_second = model->bandwidth_gb_s.value_or(500) * 1e9;
  board.tdp_watts = model->tdp_watts.value_or(300);
  board.pcie_generation = model->pcie_generation.value_or(4);
  board.fans = geforce ? 2 : board.product_name.contains("RTX A6000") || board.product_name.contains("RTX 6000 Ada") ? 1 : 0;
  board.nvlinks = links_of(*model, geforce);
  board.can = abilities_of(board, geforce, model->memory_type.starts_with("HBM"));
  board.thresholds = absolute_thresholds(board, geforce);
  fill_from_capture(board, capture_of(board));
  if (const mig::Geometry* geometry = catalogue.geometry(id)) board.geometry = with_multiprocessors(*geometry);
  return std::shared_ptr<const Board>(std::make_shared<Board>(std::move(board)));
}

}  // namespace reeve::sim
