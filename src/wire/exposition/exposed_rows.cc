#include "wire/exposition/exposed_rows.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <unordered_map>

#include "base/parse.h"

namespace reeve::wire {
namespace {

constexpr std::size_t shown_text_max = 128;  // the longest product name that NVML can give has 95 characters

// By length first: a row has a dozen labels, and nearly every one differs from nearly every name in length.
std::optional<RowLabel> label_of(std::string_view name) {
  const auto is = [&](std::string_view other) { return name == other; };
  switch (name.size()) {
    case 3:
      if (is("gpu")) return RowLabel::gpu;
      if (is("pid")) return RowLabel::pid;
      if (is("xid")) return RowLabel::xid;
      if (is("pod")) return RowLabel::pod;
      break;
    case 4:
      if (is("UUID") || is("uuid")) return RowLabel::uuid;
      if (is("vgpu")) return RowLabel::virtual_gpu;
      break;
    case 6:
      if (is("device")) return RowLabel::device;
      break;
    case 7:
      if (is("version")) return RowLabel::version;
      if (is("replica")) return RowLabel::replica;
      break;
    case 8:
      if (is("hostname") || is("Hostname")) return RowLabel::hostname;
      if (is("GPU_I_ID")) return RowLabel::instance_id;
      if (is("sequence")) return RowLabel::sequence;
      if (is("pod_name")) return RowLabel::pod;
      if (is("resource")) return RowLabel::resource;
      if (is("gpu_uuid")) return RowLabel::uuid;
      break;
    case 9:
      if (is("modelName")) return RowLabel::model_name;
      if (is("namespace")) return RowLabel::pod_namespace;
      if (is("container")) return RowLabel::container;
      if (is("device_id")) return RowLabel::device_id;
      break;
    case 10:
      if (is("pci_bus_id")) return RowLabel::pci_bus_id;
      if (is("model_name")) return RowLabel::model_name;
      if (is("GPU_I_C_ID")) return RowLabel::compute_instance_id;
      break;
    case 12:
      if (is("process_name")) return RowLabel::process_name;
      if (is("exported_pod")) return RowLabel::exported_pod;
      break;
    case 13:
      if (is("GPU_I_PROFILE")) return RowLabel::instance_profile;
      if (is("pod_namespace")) return RowLabel::pod_namespace;
      if (is("dra_pool_name")) return RowLabel::dra_pool;
      break;
    case 14:
      if (is("container_name")) return RowLabel::container;
      break;
    case 15:
      if (is("dra_driver_name")) return RowLabel::dra_driver;
      if (is("dra_device_name")) return RowLabel::dra_device;
      break;
    case 18:
      if (is("exported_namespace")) return RowLabel::exported_namespace;
      if (is("exported_container")) return RowLabel::exported_container;
      break;
    case 22:
      if (is("DCGM_FI_DRIVER_VERSION")) return RowLabel::driver_version;
      break;
    case 27:
      if (is("DCGM_FI_CUDA_DRIVER_VERSION")) return RowLabel::cuda_version;
      break;
    default: break;
  }
  return std::nullopt;
}

std::unordered_map<std::string_view, Metric> all_names() {
  std::unordered_map<std::string_view, Metric> names;
  for (const MetricInfo& row : device_metrics()) names.emplace(row.dcgm_name, row.metric);
  names.emplace("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", Metric::clock_event_reasons);  // before dcgm-exporter 3.3
  return names;
}

// DCGM's "blank" numbers (dcgm_structs.h): a base of the type and 15 reasons after it.
bool is_blank(const MetricInfo& row, double value) {
  constexpr double int64_blank = 0x1p63;  // 0x7ffffffffffffff0 and above, once it is a double
  constexpr double int32_blank = 0x7ffffff0;
  constexpr double real_blank = 140737488355328.0;
  constexpr double reasons = 15;
  if (value >= int64_blank) return true;
  const auto within = [&](double base) { return value >= base && value <= base + reasons; };
  if (row.form == MetricForm::real) return within(real_blank);
  // A counter and a rate may truly pass through that range.
  return row.kind == MetricKind::gauge && row.unit != "B/s" && within(int32_blank);
}

}  // namespace

bool is_word(std::string_view text, std::size_t size_max) {
  return !text.empty() && text.size() <= size_max &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

RowLabels::RowLabels(std::span<const ExpositionLabel> labels) {
  for (const ExpositionLabel& label : labels) {
    const auto known = label_of(label.name);
    if (!known) continue;
    const ExpositionLabel*& place = found_[static_cast<std::size_t>(*known)];
    if (place == nullptr) place = &label;
  }
}

std::string_view RowLabels::raw(RowLabel label) const {
  const ExpositionLabel* found = found_[static_cast<std::size_t>(label)];
  return found != nullptr ? found->raw_value : std::string_view{};
}

std::string RowLabels::text(RowLabel label) const {
  const ExpositionLabel* found = found_[static_cast<std::size_t>(label)];
  if (found == nullptr) return {};
  std::string value = found->escaped ? unescaped(*found) : std::string(found->raw_value);
  if (value.size() > shown_text_max) value.resize(shown_text_max);
  for (char& c : value)
    if (c < ' ' || c > '~') c = '?';
  return value;
}

std::string_view RowLabels::word(RowLabel label, std::size_t size_max) const {
  const std::string_view value = raw(label);
  return is_word(value, size_max) ? value : std::string_view{};
}

std::optional<int> RowLabels::number(RowLabel label) const {
  const std::optional<int> number = parse_number<int>(raw(label));
  return number && *number >= 0 ? number : std::nullopt;
}

std::optional<Metric> metric_of_row(std::string_view name) {
  static const std::unordered_map<std::string_view, Metric> names = all_names();
  const auto found = names.find(name);
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

bool is_per_instance(Metric metric) {
  using enum Metric;
  static constexpr std::array measured{memory_free,   memory_used, memory_reserved,  memory_total, graphics_engine_active,
                                       tensor_active, dram_active, sm_active,        sm_occupancy, fp64_active,
                                       fp32_active,   fp16_active, compute_processes};
  for (const Metric one : measured)
    if (one == metric) return true;
  return false;
}

std::optional<double> value_of_row(const MetricInfo& row, const ExpositionSample& sample) {
  if (!std::isfinite(sample.value) || is_blank(row, sample.value)) return std::nullopt;
  // Some releases declare the violation counters in microseconds; the HELP text is the only witness.
  const bool microseconds = row.unit == "ns" && (sample.help.find("(in us)") != std::string_view::npos);
  return microseconds ? sample.value * 1000 : sample.value;
}

}  // namespace reeve::wire
