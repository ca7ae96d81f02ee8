#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "codec/json_parse.h"
#include "codec/json_writer.h"
#include "sim/nvml/driver.h"

namespace reeve::sim {
namespace {

int number(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? static_cast<int>(value->get_int64()) : -1;
}

std::string_view text(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

template <class Each>
void for_each_object(const boost::json::object& object, std::string_view key, Each&& each) {
  const boost::json::value* list = object.if_contains(key);
  if (list == nullptr || !list->is_array()) return;
  for (const boost::json::value& item : list->get_array())
    if (item.is_object()) each(item.get_object());
}

void restore_compute(const boost::json::object& json, const Gpu& gpu, GpuInstanceState& instance) {
  for (const mig::ComputeInstanceProfile& profile : gpu.geometry().compute_profiles(instance.profile_id)) {
    if (profile.id != number(json, "profile")) continue;
    const mig::Placement place{number(json, "start"), profile.size};
    const auto free = gpu.free_compute(instance, profile);
    if (std::ranges::find(free, place) == free.end()) return;
    const int id = number(json, "id");
    instance.compute.emplace(id, ComputeInstanceState{.id = id, .profile_id = profile.id, .placement = place});
    return;
  }
}

void restore_instance(const boost::json::object& json, Gpu& gpu) {
  const mig::GpuInstanceProfile* profile = gpu.geometry().profile(number(json, "profile"));
  if (profile == nullptr) return;
  const mig::Placement place{number(json, "start"), profile->size};
  const auto free = gpu.geometry().free_placements(profile->id, gpu.placed());
  if (std::ranges::find(free, place) == free.end()) return;
  GpuInstanceState state{.id = gpu.geometry().gpu_instance_id(place), .profile_id = profile->id, .placement = place};
  state.load = gpu.spec().instance_load;
  for (const InstanceSpec& spec : gpu.spec().instances)
    if (spec.place == mig::PlacedInstance{profile->id, place}) state.load = spec.load, state.processes = spec.processes;
  for_each_object(json, "compute", [&](const boost::json::object& compute) { restore_compute(compute, gpu, state); });
  gpu.instances.emplace(state.id, std::move(state));
}

}  // namespace

std::string mig_state_text(const Driver& driver, const std::vector<Gpu>& gpus) {
  std::string out;
  JsonWriter json(out, JsonStyle::pretty);
  json.begin_object().field("boot_id", driver.scenario().boot_id).key("gpus").begin_array();
  for (const Gpu& gpu : gpus) {
    if (!gpu.board().geometry) continue;
    json.begin_object().field("uuid", gpu.spec().uuid).field("mig", gpu.mig_current).field("mig_pending", gpu.mig_pending);
    json.key("instances").begin_array();
    for (const auto& [id, instance] : gpu.instances) {
      json.begin_object().field("profile", instance.profile_id).field("start", instance.placement.start).key("compute").begin_array();
      for (const auto& [compute_id, compute] : instance.compute)
        json.begin_object()
            .field("id", compute_id)
            .field("profile", compute.profile_id)
            .field("start", compute.placement.start)
            .end_object();
      json.end_array().end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return out;
}

void restore_mig_state(std::string_view state, const Scenario& scenario, std::vector<Gpu>& gpus) {
  const Result<boost::json::value> document = parse_json(state);
  if (!document || !document->is_object()) return;
  const bool same_boot = text(document->get_object(), "boot_id") == scenario.boot_id;
  for_each_object(document->get_object(), "gpus", [&](const boost::json::object& json) {
    const auto gpu = std::ranges::find_if(gpus, [&](const Gpu& each) { return each.spec().uuid.text == text(json, "uuid"); });
    if (gpu == gpus.end() || !gpu->board().geometry) return;
    const boost::json::value* pending = json.if_contains("mig_pending");
    const boost::json::value* current = json.if_contains(same_boot ? "mig" : "mig_pending");  // a reboot carries out what was pending
    const bool stays = same_boot || !gpu->board().can.resetless_mig;                          // Hopper and newer forget the mode
    gpu->mig_current = stays && current != nullptr && current->is_bool() && current->get_bool();
    gpu->mig_pending = stays && pending != nullptr && pending->is_bool() && pending->get_bool();
    gpu->instances.clear();
    if (same_boot && gpu->mig_current)
      for_each_object(json, "instances", [&](const boost::json::object& instance) { restore_instance(instance, *gpu); });
  });
}

}  // namespace reeve::sim
