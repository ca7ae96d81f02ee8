#include "sim/model/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/parse.h"
#include "codec/json_parse.h"
#include "sim/model/gpu_values.h"
#include "sim/model/hash_noise.h"
#include "sim/model/scenario_reader.h"

namespace reeve::sim {
namespace {

constexpr int gpus_max = 64;                    // of one node; no server has more
constexpr std::uint32_t first_pid = 5'000'000;  // above Linux's largest: never a real process of this machine
constexpr double year_seconds = 366.0 * 86400;
constexpr std::array buses{0x18, 0x2A, 0x3A, 0x5D, 0x9A, 0xAB, 0xBA, 0xDB};

constexpr std::array return_names{"SUCCESS",
                                  "UNINITIALIZED",
                                  "INVALID_ARGUMENT",
                                  "NOT_SUPPORTED",
                                  "NO_PERMISSION",
                                  "ALREADY_INITIALIZED",
                                  "NOT_FOUND",
                                  "INSUFFICIENT_SIZE",
                                  "INSUFFICIENT_POWER",
                                  "DRIVER_NOT_LOADED",
                                  "TIMEOUT",
                                  "IRQ_ISSUE",
                                  "LIBRARY_NOT_FOUND",
                                  "FUNCTION_NOT_FOUND",
                                  "CORRUPTED_INFOROM",
                                  "GPU_IS_LOST",
                                  "RESET_REQUIRED",
                                  "OPERATING_SYSTEM",
                                  "LIB_RM_VERSION_MISMATCH",
                                  "IN_USE",
                                  "MEMORY",
                                  "NO_DATA",
                                  "VGPU_ECC_NOT_SUPPORTED",
                                  "INSUFFICIENT_RESOURCES",
                                  "FREQ_NOT_SUPPORTED",
                                  "ARGUMENT_VERSION_MISMATCH",
                                  "DEPRECATED",
                                  "NOT_READY",
                                  "GPU_NOT_FOUND",
                                  "INVALID_STATE",
                                  "RESET_TYPE_NOT_SUPPORTED"};

std::string uuid_text(std::string_view prefix, std::uint64_t high, std::uint64_t low, int version) {
  return fmt::format("{}-{:08x}-{:04x}-{:x}{:03x}-{:04x}-{:012x}", prefix, high >> 32, (high >> 16) & 0xFFFF, version, high & 0xFFF,
                     0x8000 | (low >> 48 & 0x3FFF), low & 0xFFFFFFFFFFFF);
}

template <class Each>
void for_each_item(ObjectReader& reader, std::string_view key, Each&& each) {
  const boost::json::value* list = reader.find(key);
  if (list == nullptr) return;
  if (!list->is_array()) return reader.fault().note(reader.path_of(key), "it is no list");
  std::size_t n = 0;
  for (const boost::json::value& item : list->get_array()) each(item, fmt::format("{}[{}]", reader.path_of(key), n++));
}

class Reading {  // of one document
 public:
  Reading(const Catalogue& catalogue, Timestamp now) : catalogue_(catalogue), now_(now) {}

  Result<Scenario> run(const boost::json::value& document);

 private:
  void read_head(ObjectReader& reader);
  void read_clock(ObjectReader& reader);
  void read_gpus(const boost::json::value& value, const std::string& path);
  GpuSpec read_gpu(ObjectReader& reader, std::int64_t copy, std::int64_t copies);
  void read_identity(ObjectReader& reader, GpuSpec& gpu, std::int64_t copies);
  void read_instance(const boost::json::value& value, const std::string& path, GpuSpec& gpu);
  const mig::GpuInstanceProfile* read_profile(const boost::json::value& value, const std::string& path, const mig::Geometry& geometry);
  LoadSpec read_load(const boost::json::value* value, const std::string& path, LoadKind otherwise, std::uint64_t seed);
  std::vector<ProcessSpec> read_processes(ObjectReader& reader, const Load& load, std::uint32_t pid);
  Event read_event(const boost::json::value& value, const std::string& path);
  std::optional<Timestamp> read_time(ObjectReader& reader, std::string_view key);
  std::vector<Event> read_events(ObjectReader& reader);
  void finish(GpuSpec& gpu) const;
  static Health read_health(const boost::json::value& value, std::string path, Fault& fault);

  const Catalogue& catalogue_;
  Timestamp now_;
  Fault fault_{};
  Scenario scenario_{};
  std::uint64_t seed_ = 1;
};

Result<Scenario> Reading::run(const boost::json::value& document) {
  ObjectReader reader(document, "", fault_);
  read_head(reader);
  read_clock(reader);
  for_each_item(reader, "gpus", [&](const boost::json::value& value, const std::string& path) { read_gpus(value, path); });
  scenario_.events = read_events(reader);
  reader.refuse_the_rest();
  std::set<std::string> uuids;
  for (const GpuSpec& gpu : scenario_.gpus)
    if (!uuids.insert(gpu.uuid.text).second) fault_.note("gpus", fmt::format("two have the uuid {}", gpu.uuid.text));
  if (scenario_.gpus.size() > gpus_max) fault_.note("gpus", fmt::format("a node has at most {}", gpus_max));
  if (fault_.any()) return fault_.error();
  return std::move(scenario_);
}

void Reading::read_head(ObjectReader& reader) {
  scenario_.node.text = reader.text("node", "sim-node");
  seed_ = mix_text(static_cast<std::uint64_t>(reader.integer("seed", 1, 0, INT64_MAX)), scenario_.node.text);
  scenario_.driver_version = reader.text("driver_version", "580.105.08");
  const std::string cuda = reader.text("cuda_version", "13.0");
  const auto dot = cuda.find('.');
  const auto major = parse_number<int>(std::string_view(cuda).substr(0, dot));
  const auto minor = dot == std::string::npos ? std::optional(0) : parse_number<int>(std::string_view(cuda).substr(dot + 1));
  if (!major || !minor || *major < 1 || *major > 99 || *minor < 0 || *minor > 99)
    fault_.note("cuda_version", "it is not like \"13.0\"");
  else
    scenario_.cuda_version = *major * 1000 + *minor * 10;
  scenario_.state_file = reader.text("state_file");
  scenario_.boot_id = reader.text("boot_id");
  if (reader.find("privileged") != nullptr) scenario_.privileged = reader.flag("privileged", true);
  scenario_.pcie_window = Milliseconds(reader.integer("pcie_window_ms", 20, 0, 1000));
}

void Reading::read_clock(ObjectReader& reader) {
  scenario_.start = now_;
  if (const auto start = read_time(reader, "start")) scenario_.start = *start;
  scenario_.driver_loaded_at = scenario_.start - std::chrono::hours(24 * 30);
  if (const auto loaded = read_time(reader, "driver_loaded_at")) scenario_.driver_loaded_at = *loaded;
  if (const boost::json::value* value = reader.find("clock")) {
    ObjectReader clock(*value, "clock", fault_);
    scenario_.clock.offset = Milliseconds(static_cast<std::int64_t>(clock.number("offset_seconds", 0, -1e9, 1e9) * 1000));
    scenario_.clock.speed = clock.number("speed", 1, 0, 1e6);
    clock.refuse_the_rest();
  }
}

// Seconds since the start, or RFC 3339.
std::optional<Timestamp> Reading::read_time(ObjectReader& reader, std::string_view key) {
  const boost::json::value* value = reader.find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) {
    if (const auto time = parse_rfc3339(std::string_view(value->get_string()))) return time;
    reader.fault().note(reader.path_of(key), "it is no RFC 3339 time");
    return std::nullopt;
  }
  return scenario_.start + Milliseconds(static_cast<std::int64_t>(reader.number(key, 0, -year_seconds, 10 * year_seconds) * 1000));
}

LoadSpec Reading::read_load(const boost::json::value* value, const std::string& path, LoadKind otherwise, std::uint64_t seed) {
  if (value == nullptr) return typical_load(otherwise, seed);
  const auto kind_of = [&](const std::string& text, const std::string& at) {
    const auto kind = from_text<LoadKind>(text);
    if (!kind) fault_.note(at, fmt::format("'{}' is none of {}", text, all_texts<LoadKind>()));
    return kind.value_or(LoadKind::idle);
  };
  if (value->is_string()) return typical_load(kind_of(std::string(value->get_string()), path), seed);
  ObjectReader reader(*value, path, fault_);
  LoadSpec spec = typical_load(kind_of(reader.text("kind", "idle"), path + ".kind"), seed);
  spec.level = reader.number("level", spec.level, 0, 1);
  spec.memory = reader.number("memory", spec.memory, 0, 1);
  spec.volatility = reader.number("volatility", spec.volatility, 0, 1);
  spec.utc_offset_hours = reader.number("utc_offset_hours", 0, -14, 14);
  spec.seed = static_cast<std::uint64_t>(reader.integer("seed", static_cast<std::int64_t>(seed >> 1), 0, INT64_MAX));
  reader.refuse_the_rest();
  return spec;
}

std::vector<ProcessSpec> Reading::read_processes(ObjectReader& reader, const Load& load, std::uint32_t pid) {
  std::vector<ProcessSpec> processes;
  const bool listed = reader.find("processes") != nullptr;
  for_each_item(reader, "processes", [&](const boost::json::value& value, const std::string& path) {
    ObjectReader item(value, path, fault_);
    ProcessSpec process{.pid = static_cast<std::uint32_t>(item.integer("pid", pid++, 1, UINT32_MAX)), .name = item.text("name", "python3")};
    if (item.find("memory_mib") != nullptr) process.memory = MiB(item.integer("memory_mib", 0, 0, 1 << 24));
    process.graphics = item.flag("graphics", false);
    item.refuse_the_rest();
    processes.push_back(std::move(process));
  });
  if (listed || load.spec().memory <= 0) return processes;
  switch (load.spec().kind) {
    case LoadKind::idle: break;
    case LoadKind::inference: processes.push_back({.pid = pid, .name = "VLLM::EngineCore"}); break;
    case LoadKind::office: processes.push_back({.pid = pid, .name = "jupyter-lab"}); break;
    case LoadKind::steady:
    case LoadKind::training:
    case LoadKind::batch: processes.push_back({.pid = pid, .name = "python3"}); break;
  }
  return processes;
}

const mig::GpuInstanceProfile* Reading::read_profile(const boost::json::value& value, const std::string& path,
                                                     const mig::Geometry& geometry) {
  const mig::GpuInstanceProfile* profile = nullptr;
  if (value.is_int64()) profile = geometry.profile(static_cast<int>(std::clamp<std::int64_t>(value.get_int64(), -1, 1000)));
  if (value.is_string()) profile = geometry.profile_by_name(std::string_view(value.get_string()));
  if (profile == nullptr) fault_.note(path, fmt::format("{} has no such MIG profile", geometry.name()));
  return profile;
}

void Reading::read_instance(const boost::json::value& value, const std::string& path, GpuSpec& gpu) {
  const boost::json::value empty = boost::json::object();
  const bool short_form = !value.is_object();
  ObjectReader reader(short_form ? empty : value, path, fault_);
  const boost::json::value* named = short_form ? &value : reader.find("profile");
  if (named == nullptr) return fault_.note(path, "it names no profile");
  const mig::Geometry& geometry = *gpu.board->geometry;
  const mig::GpuInstanceProfile* profile = read_profile(*named, path, geometry);
  if (profile == nullptr) return;
  std::vector<mig::PlacedInstance> present;
  for (const InstanceSpec& other : gpu.instances) present.push_back(other.place);
  std::optional<mig::Placement> place = geometry.driver_choice(profile->id, present);
  const auto start = reader.integer("start", -1, 0, geometry.slots());
  if (start >= 0) {
    const auto free = geometry.free_placements(profile->id, present);
    const auto found = std::ranges::find(free, static_cast<int>(start), &mig::Placement::start);
    place = found == free.end() ? std::nullopt : std::optional(*found);
  }
  if (!place) return fault_.note(path, fmt::format("'{}' does not fit beside the instances before it", profile->name));
  InstanceSpec instance{.place = {profile->id, *place}, .gpu_instance_id = geometry.gpu_instance_id(*place)};
  const std::uint64_t seed = mix_text(seed_ + static_cast<std::uint64_t>(instance.gpu_instance_id), gpu.uuid.text);
  instance.load = std::make_shared<const Load>(read_load(reader.find("load"), path + ".load", LoadKind::idle, seed));
  const auto first = first_pid + static_cast<std::uint32_t>(gpu.index * 1000 + 100 + instance.gpu_instance_id * 20);
  instance.processes = read_processes(reader, *instance.load, first);
  reader.refuse_the_rest();
  gpu.instances.push_back(std::move(instance));
}

void Reading::read_identity(ObjectReader& reader, GpuSpec& gpu, std::int64_t copies) {
  const auto n = static_cast<std::uint64_t>(gpu.index);
  gpu.uuid.text = reader.text("uuid", uuid_text("GPU", mix_bits(seed_, 100 + n), mix_bits(seed_, 200 + n), 4));
  gpu.serial = reader.text("serial", fmt::format("1{:012}", mix_bits(seed_, 300 + n) % 1'000'000'000'000));
  gpu.pci_address = reader.text("pci", fmt::format("{:08X}:{:02X}:00.0", n / buses.size(), buses[n % buses.size()]));
  if (!gpu.uuid.text.starts_with("GPU-") || gpu.uuid.text.size() >= 80) fault_.note(reader.path_of("uuid"), "it is not like \"GPU-...\"");
  if (gpu.serial.size() >= 30) fault_.note(reader.path_of("serial"), "it is longer than 29 characters");
  const std::string& pci = gpu.pci_address;
  if (pci.size() != 16 || pci[8] != ':' || pci[11] != ':' || pci[14] != '.')
    fault_.note(reader.path_of("pci"), "it is not like 00000000:18:00.0");
  if (copies > 1 && (reader.find("uuid") != nullptr || reader.find("pci") != nullptr || reader.find("serial") != nullptr))
    fault_.note(reader.path(), "several GPUs cannot share one identity");
}

Health Reading::read_health(const boost::json::value& value, std::string path, Fault& fault) {
  ObjectReader reader(value, std::move(path), fault);
  const auto count = [&](std::string_view key) { return static_cast<unsigned int>(reader.integer(key, 0, 0, UINT32_MAX)); };
  Health health;
  health.ecc_corrected = count("ecc_corrected");
  health.ecc_uncorrected = count("ecc_uncorrected");
  health.retired_single_bit = count("retired_single_bit");
  health.retired_double_bit = count("retired_double_bit");
  health.retired_pending = reader.flag("retired_pending", false);
  health.remapped_correctable = count("remapped_correctable");
  health.remapped_uncorrectable = count("remapped_uncorrectable");
  health.remapped_pending = reader.flag("remapped_pending", false);
  health.remapped_failure = reader.flag("remapped_failure", false);
  health.pcie_replays = count("pcie_replays");
  reader.refuse_the_rest();
  return health;
}

Event Reading::read_event(const boost::json::value& value, const std::string& path) {
  ObjectReader reader(value, path, fault_);
  Event event;
  event.from = read_time(reader, "at").value_or(scenario_.start);
  if (const auto until = read_time(reader, "until")) event.until = *until;
  if (reader.find("for") != nullptr)
    event.until = event.from + Milliseconds(static_cast<std::int64_t>(reader.number("for", 0, 0, year_seconds) * 1000));
  if (reader.find("gpu_instance") != nullptr) event.gpu_instance = static_cast<int>(reader.integer("gpu_instance", 0, 0, 1000));
  int kinds = 0;
  for (int i = 0; i < count_of<EventKind>(); ++i)
    if (reader.find(to_text(static_cast<EventKind>(i))) != nullptr) event.kind = static_cast<EventKind>(i), ++kinds;
  if (kinds != 1) fault_.note(path, fmt::format("it needs one of {}", all_texts<EventKind>()));
  switch (event.kind) {
    case EventKind::xid: event.code = static_cast<int>(reader.integer("xid", 0, 1, 100000)); break;
    case EventKind::lost:
      if (!reader.flag("lost", true)) fault_.note(reader.path_of("lost"), "only true says something");
      break;
    case EventKind::hang: event.function = reader.text("hang"); break;
    case EventKind::error: event.function = reader.text("error"); break;
    case EventKind::throttle:
      if (reader.text("throttle") != "thermal") fault_.note(reader.path_of("throttle"), "it is not \"thermal\"");
      break;
  }
  const std::string code = reader.text("return");
  const auto named = std::ranges::find(return_names, std::string_view(code));
  if (event.kind == EventKind::error) {
    event.code = code == "UNKNOWN" ? 999 : static_cast<int>(named - return_names.begin());
    if (event.code != 999 && named == return_names.end()) fault_.note(reader.path_of("return"), "it names no NVML return code");
  }
  if (!event.function.starts_with("nvml") && (event.kind == EventKind::hang || event.kind == EventKind::error))
    fault_.note(path, "it names no NVML function");
  reader.refuse_the_rest();
  return event;
}

std::vector<Event> Reading::read_events(ObjectReader& reader) {
  std::vector<Event> events;
  for_each_item(reader, "events",
                [&](const boost::json::value& value, const std::string& path) { events.push_back(read_event(value, path)); });
  std::ranges::stable_sort(events, {}, &Event::from);
  return events;
}

GpuSpec Reading::read_gpu(ObjectReader& reader, std::int64_t copy, std::int64_t copies) {
  GpuSpec gpu{.index = static_cast<int>(scenario_.gpus.size())};
  auto board = make_board(catalogue_, ModelId{reader.text("model")}, reader.text("product_name"));
  if (!board) return fault_.note(reader.path_of("model"), board.error().message), gpu;
  gpu.board = *board;
  if (copy > 0) gpu.board = scenario_.gpus.back().board;
  read_identity(reader, gpu, copies);
  const std::uint64_t seed = mix_text(seed_, gpu.uuid.text);
  gpu.load = std::make_shared<const Load>(read_load(reader.find("load"), reader.path_of("load"), LoadKind::idle, seed));
  gpu.instance_load =
      std::make_shared<const Load>(read_load(reader.find("instance_load"), reader.path_of("instance_load"), LoadKind::idle, seed + 1));
  gpu.processes = read_processes(reader, *gpu.load, first_pid + static_cast<std::uint32_t>(gpu.index * 1000));
  gpu.held_by_client = reader.flag("held_by_client", false);
  const boost::json::value* mig = reader.find("mig");
  gpu.mig_enabled = reader.flag("mig_mode", mig != nullptr);
  if ((gpu.mig_enabled || mig != nullptr) && !gpu.board->geometry)
    return fault_.note(reader.path_of("mig"), fmt::format("{} has no MIG", gpu.board->product_name)), gpu;
  if (mig != nullptr && !gpu.mig_enabled) fault_.note(reader.path_of("mig_mode"), "there are instances only while it is on");
  for_each_item(reader, "mig", [&](const boost::json::value& value, const std::string& path) { read_instance(value, path, gpu); });
  if (const boost::json::value* health = reader.find("health")) gpu.health = read_health(*health, reader.path_of("health"), fault_);
  gpu.events = read_events(reader);
  finish(gpu);
  return gpu;
}

void Reading::finish(GpuSpec& gpu) const {
  if (!gpu.mig_enabled) gpu.parts.push_back({gpu.load.get(), 1});
  for (const InstanceSpec& instance : gpu.instances) {
    const mig::Geometry& geometry = *gpu.board->geometry;
    gpu.parts.push_back({instance.load.get(), compute_share(geometry, *geometry.profile(instance.place.profile_id))});
  }
  gpu.when_loaded = std::make_shared<const GpuValues>(gpu_values(*gpu.board, gpu.parts, {}, scenario_.driver_loaded_at));
}

void Reading::read_gpus(const boost::json::value& value, const std::string& path) {
  ObjectReader reader(value, path, fault_);
  const std::int64_t count = reader.integer("count", 1, 1, gpus_max);
  for (std::int64_t copy = 0; copy < count && !fault_.any(); ++copy) scenario_.gpus.push_back(read_gpu(reader, copy, count));
  reader.refuse_the_rest();
}

}  // namespace

double compute_share(const mig::Geometry& geometry, const mig::GpuInstanceProfile& profile) {
  int most = 1;
  for (const mig::GpuInstanceProfile& other : geometry.profiles()) most = std::max(most, other.gpu_slices);
  return static_cast<double>(profile.gpu_slices) / most;
}

bool GpuSpec::lost(Timestamp at) const {
  return std::ranges::any_of(events, [at](const Event& event) { return event.kind == EventKind::lost && event.covers(at); });
}

bool GpuSpec::throttled(Timestamp at) const {
  return std::ranges::any_of(events, [at](const Event& event) { return event.kind == EventKind::throttle && event.covers(at); });
}

Timestamp Scenario::time_at(Timestamp wall) const {
  if (clock.speed == 1) return wall + clock.offset;
  const auto run = static_cast<double>((wall - start).count()) * clock.speed;
  return start + Milliseconds(static_cast<std::int64_t>(run)) + clock.offset;
}

Result<Scenario> parse_scenario(std::string_view json, const Catalogue& catalogue, Timestamp now) {
  const Result<boost::json::value> document = parse_json(json);
  if (!document) return Error{Errc::invalid_argument, "cannot read scenario: " + document.error().message};
  return Reading(catalogue, now).run(*document);
}

GpuUuid mig_uuid(const GpuUuid& gpu, int gpu_instance_id, int compute_instance_id) {
  const int number = gpu_instance_id * 16 + compute_instance_id;
  const std::uint64_t seed = mix_text(static_cast<std::uint64_t>(number), gpu.text);
  return {uuid_text("MIG", seed, mix_bits(seed), 5)};
}

}  // namespace reeve::sim
