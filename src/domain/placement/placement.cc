#include "domain/placement/placement.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace reeve {
namespace {

// Brochure gigabytes of what is given: that is what people ask in ("80 GB"), and what the old system compared.
std::int64_t memory_gb_of(const Device& device, const GpuModel* model) {
  if (model != nullptr) return model->memory_gb;
  return device.memory ? (device.memory->count() + 1023) / 1024 : 0;
}

// "3g.40gb" -> 40: the name carries the size by which the slice is sold; the driver's MiB are a little less.
std::int64_t memory_gb_of(const Instance& part) {
  const std::size_t dot = part.profile.find('.');
  std::int64_t gb = 0;
  if (dot != std::string::npos)
    for (std::size_t i = dot + 1; i < part.profile.size() && part.profile[i] >= '0' && part.profile[i] <= '9'; ++i)
      gb = gb * 10 + (part.profile[i] - '0');
  if (gb > 0) return gb;
  return part.memory ? (part.memory->count() + 1023) / 1024 : 0;
}

struct Candidate {
  std::int64_t memory_gb = 0;
  std::optional<MicroUsd> price{};
  std::size_t free_on_node = 0;
  std::string resource{};

  // Least waste first; a known price before none; fill nodes that are nearly full; then by id, so that the
  // answer is always the same.
  auto rank() const {
    return std::tuple(memory_gb, !price.has_value(), price.value_or(MicroUsd(0)), free_on_node, std::string_view(resource));
  }
};

class Search {
 public:
  Search(const Fleet& fleet, const Catalogue& catalogue, const PriceList& prices, const AllocationRequest& request,
         std::optional<Timestamp> heard_since, const IsSeenHeld& is_seen_held)
      : fleet_(fleet),
        catalogue_(catalogue),
        prices_(prices),
        request_(request),
        heard_since_(heard_since),
        is_seen_held_(is_seen_held),
        wants_slice_(request.use_mig || request.mig_profile) {}

  Placement run() {
    for (const NodeView& view : fleet_.nodes()) {
      free_on_node_.reset();
      readings_ = view.readings.get();
      for (const Device& device : view.node->devices) consider(*view.node, device);
    }
    if (!best_) return refusal();
    return Grant{wants_slice_ ? ResourceType::mig_instance : ResourceType::full_gpu, best_->resource, best_->memory_gb, best_->price};
  }

 private:
  void block(Blocker reason, std::size_t count = 1) { blocked_[reason] += count; }

  void consider(const Node& node, const Device& device) {
    const std::size_t count = wants_slice_ ? device.instances.size() : 1;
    if (count == 0) return;
    const GpuModel* model = catalogue_.find(device.model);
    if (const auto reason = device_mismatch(node, device, model)) return block(*reason, count);
    if (!wants_slice_) return consider_whole(node, device);
    for (const Instance& part : device.instances) consider_slice(node, device, part);
  }

  std::optional<Blocker> device_mismatch(const Node& node, const Device& device, const GpuModel* model) const {
    if (request_.device && *request_.device != device.id) return Blocker::wrong_device;
    if (request_.node && *request_.node != node.name) return Blocker::wrong_node;
    if (request_.model && *request_.model != device.model) return Blocker::wrong_model;
    if (request_.architecture && (model == nullptr || model->architecture != *request_.architecture)) return Blocker::wrong_architecture;
    return std::nullopt;
  }

  std::optional<Blocker> price_mismatch(const std::optional<MicroUsd>& price) const {
    if (!request_.max_cost_per_hour) return std::nullopt;
    if (!price) return Blocker::price_unknown;
    return *price > *request_.max_cost_per_hour ? std::optional(Blocker::too_dear) : std::nullopt;
  }

  std::optional<Blocker> out_of_service(const Node& node, const Device& device) const {
    if (!is_usable(device) || node.state != DeviceState::active) return Blocker::not_in_service;
    if (heard_since_ && device.source != ObservationSource::registered && is_silent()) return Blocker::silent_node;
    return std::nullopt;
  }

  // Nobody asked yet, as after a start: what the store remembers holds until then.
  bool is_silent() const {
    if (readings_->at) return *readings_->at < *heard_since_;
    return !readings_->last_error.empty();
  }

  // A held slice outlives the MIG layout that it was of; released, it must not be given again.
  bool is_gone(const Device& device, const Instance& part) const {
    const DeviceReading* seen = readings_->find(device.id);
    return seen != nullptr && std::ranges::find(seen->instances, part.id, &InstanceReading::id) == seen->instances.end();
  }

  void consider_whole(const Node& node, const Device& device) {
    const auto [memory, price] = worth_of(device, catalogue_, prices_);
    if (request_.memory_gb && memory < *request_.memory_gb) return block(Blocker::too_small);
    if (const auto reason = price_mismatch(price)) return block(*reason);
    if (const auto reason = out_of_service(node, device)) return block(*reason);
    if (device.mig_enabled) return block(Blocker::partitioned);
    if (!fleet_.is_free(device) || is_seen(device)) return block(Blocker::held);
    offer({memory, price, free_on(node), device.id.text});
  }

  void consider_slice(const Node& node, const Device& device, const Instance& part) {
    const auto [memory, price] = worth_of(device, part, catalogue_, prices_);
    if (request_.mig_profile && *request_.mig_profile != part.profile) return block(Blocker::wrong_profile);
    if (request_.memory_gb && memory < *request_.memory_gb) return block(Blocker::too_small);
    if (const auto reason = price_mismatch(price)) return block(*reason);
    if (const auto reason = out_of_service(node, device)) return block(*reason);
    if (!fleet_.is_free(device, part) || is_seen(device.id.text) || is_seen(part.id.text)) return block(Blocker::held);
    if (is_gone(device, part)) return block(Blocker::gone_slice);
    offer({memory, price, free_on(node), part.id.text});
  }

  bool is_seen(std::string_view resource) const { return is_seen_held_ && is_seen_held_(resource); }
  bool is_seen(const Device& device) const {
    return is_seen(device.id.text) || std::ranges::any_of(device.instances, [&](const Instance& part) { return is_seen(part.id.text); });
  }

  // Free devices or slices of the node; counted once a node, and only when somebody there is a candidate.
  std::size_t free_on(const Node& node) {
    if (free_on_node_) return *free_on_node_;
    std::size_t count = 0;
    for (const Device& device : node.devices) {
      if (!wants_slice_) count += fleet_.is_free(device);
      if (wants_slice_)
        count += static_cast<std::size_t>(
            std::ranges::count_if(device.instances, [&](const Instance& part) { return fleet_.is_free(device, part); }));
    }
    free_on_node_ = count;
    return count;
  }

  void offer(Candidate candidate) {
    if (!best_ || candidate.rank() < best_->rank()) best_ = std::move(candidate);
  }

  Refusal refusal() const {
    const std::string_view kind = wants_slice_ ? "slices" : "GPUs";
    std::size_t total = 0;
    for (const auto& [reason, count] : blocked_) total += count;
    if (total == 0) return {fmt::format("cannot allocate: there are no {} in the fleet", kind), {}};
    std::vector<std::pair<Blocker, std::size_t>> reasons(blocked_.begin(), blocked_.end());
    std::ranges::stable_sort(reasons, std::greater(), [](const auto& reason) { return reason.second; });
    std::string list;
    for (const auto& [reason, count] : reasons) list += fmt::format("{}{} {}", list.empty() ? "" : ", ", count, to_text(reason));
    return {fmt::format("cannot allocate: of {} {} {}", total, kind, list), blocked_};
  }

  const Fleet& fleet_;
  const Catalogue& catalogue_;
  const PriceList& prices_;
  const AllocationRequest& request_;
  const std::optional<Timestamp> heard_since_;
  const IsSeenHeld& is_seen_held_;
  const bool wants_slice_;
  const NodeReadings* readings_ = nullptr;  // of the node that is looked at
  std::optional<std::size_t> free_on_node_;
  std::optional<Candidate> best_;
  BlockerCounts blocked_;
};

}  // namespace

Worth worth_of(const Device& device, const Catalogue& catalogue, const PriceList& prices) {
  const GpuModel* model = catalogue.find(device.model);
  return {memory_gb_of(device, model), model != nullptr ? prices.whole_gpu(*model) : std::nullopt};
}

Worth worth_of(const Device& device, const Instance& part, const Catalogue& catalogue, const PriceList& prices) {
  Worth worth{.memory_gb = memory_gb_of(part)};
  const GpuModel* model = catalogue.find(device.model);
  const mig::Geometry* geometry = model != nullptr ? catalogue.geometry(model->id) : nullptr;
  if (geometry == nullptr) return worth;
  const auto* profile = part.profile_id ? geometry->profile(*part.profile_id) : geometry->profile_by_name(part.profile);
  if (profile != nullptr) worth.price = prices.slice(*model, *geometry, profile->id);
  return worth;
}

Placement place(const Fleet& fleet, const Catalogue& catalogue, const PriceList& prices, const AllocationRequest& request,
                std::optional<Timestamp> heard_since, const IsSeenHeld& is_seen_held) {
  return Search(fleet, catalogue, prices, request, heard_since, is_seen_held).run();
}

}  // namespace reeve
