// Field values: many small facts in one call, each with a code of its own.

#include <cmath>
#include <variant>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

using Answer = std::variant<Return, unsigned int, unsigned long long, int>;

constexpr unsigned long long bytes_per_kib = 1024;
constexpr unsigned int field_nvlink_speed_first = 84, field_nvlink_speed_last = 89;
constexpr unsigned int field_energy = 191;
constexpr unsigned int field_ecc_current = 1, field_ecc_pending = 2;
constexpr unsigned int field_pcie_replay_rollovers = 95;
constexpr unsigned int field_nvlink_speed = 164, field_nvlink_state = 165, field_nvlink_version = 166;  // scope: link

Answer when(bool supported, Answer answer) { return supported ? answer : Answer(Return::not_supported); }

unsigned int milli(double watts) { return static_cast<unsigned int>(std::lround(watts * 1000)); }

Answer power_field(const Target& target, unsigned int id) {
  const Board& board = target.board();
  const double limit = target.gpu.restraint.power_limit_watts > 0 ? target.gpu.restraint.power_limit_watts : board.tdp_watts;
  switch (id) {
    case field_power_average: return when(board.can.power_average, milli(target.gpu.values(target.now).mean_watts));
    case field_power_instant: return when(board.can.power_instant, milli(target.gpu.values(target.now).watts));
    case field_power_min_limit: return milli(board.min_limit_watts);
    case field_power_max_limit:
    case field_power_default_limit: return milli(board.tdp_watts);
    case field_power_current_limit:
    case field_power_requested_limit: return milli(limit);
    default: return when(board.can.energy, static_cast<unsigned long long>(target.gpu.values(target.now).energy_joules * 1000));
  }
}

Answer health_field(const Target& target, unsigned int id) {
  const Health& health = target.gpu.spec().health;
  const Abilities& can = target.board().can;
  const bool rows = can.remapped_rows && target.gpu.instances.empty();
  switch (id) {
    case field_ecc_single_volatile:
    case field_ecc_single_aggregate: return when(can.ecc, static_cast<unsigned long long>(health.ecc_corrected));
    case field_ecc_double_volatile:
    case field_ecc_double_aggregate: return when(can.ecc, static_cast<unsigned long long>(health.ecc_uncorrected));
    case field_retired_single: return when(can.retired_pages, static_cast<unsigned long long>(health.retired_single_bit));
    case field_retired_double: return when(can.retired_pages, static_cast<unsigned long long>(health.retired_double_bit));
    case field_retired_pending: return when(can.retired_pages, health.retired_pending ? 1U : 0U);
    case field_remapped_correctable: return when(rows, health.remapped_correctable);
    case field_remapped_uncorrectable: return when(rows, health.remapped_uncorrectable);
    case field_remapped_pending: return when(rows, health.remapped_pending ? 1U : 0U);
    default: return when(rows, health.remapped_failure ? 1U : 0U);
  }
}

Answer limit_field(const Board& board, unsigned int id) {
  const bool relative = board.can.relative_thresholds;
  switch (id) {
    case field_shutdown_tlimit: return when(relative, board.relative_limits.shutdown);
    case field_slowdown_tlimit: return when(relative, board.relative_limits.slowdown);
    case field_memory_max_tlimit: return when(relative && board.can.memory_temperature, board.relative_limits.memory_max);
    default: return when(relative, board.relative_limits.gpu_max);
  }
}

// Scope: one link, or all of them.
Answer nvlink_field(const Target& target, unsigned int id, unsigned int scope) {
  const NvLinks& links = target.board().nvlinks;
  const auto count = static_cast<unsigned int>(links.count);
  if (id == field_nvlink_link_count) return when(target.board().architecture >= arch_pascal, count);
  if (count == 0) return Return::not_supported;
  if (id == field_nvlink_speed_common) return static_cast<unsigned int>(links.bytes_per_second / 1e6);
  if (id >= field_nvlink_speed_first && id <= field_nvlink_speed_last)
    return when(id - field_nvlink_speed_first < count, static_cast<unsigned int>(links.bytes_per_second / 1e6));
  const bool of_one_link = id == field_nvlink_speed || id == field_nvlink_state || id == field_nvlink_version;
  if ((of_one_link || scope != scope_all_links) && scope >= count) return Return::invalid_argument;
  if (id == field_nvlink_speed) return static_cast<unsigned int>(links.bytes_per_second / 1e6);
  if (id == field_nvlink_state) return 1U;
  if (id == field_nvlink_version) return static_cast<unsigned int>(links.version);
  const GpuValues now = target.gpu.values(target.now);
  const bool tx = id == field_nvlink_data_tx || id == field_nvlink_raw_tx;
  const double overhead = id == field_nvlink_raw_tx || id == field_nvlink_raw_rx ? 1.07 : 1;  // headers of the packets
  const double bytes = (tx ? now.nvlink_tx_bytes : now.nvlink_rx_bytes) * overhead / (scope == scope_all_links ? 1 : count);
  return static_cast<unsigned long long>(bytes) / bytes_per_kib;
}

Answer pcie_field(const Target& target, unsigned int id) {
  if (id == field_pcie_replay_rollovers) return 0U;
  if (id == field_pcie_replays) return target.gpu.spec().health.pcie_replays;
  const GpuValues now = target.gpu.values(target.now);
  const bool counted = target.board().architecture >= arch_ampere && target.board().can.inforom;
  return when(counted, static_cast<unsigned long long>(id == field_pcie_tx_bytes ? now.pcie_tx_bytes : now.pcie_rx_bytes));
}

Answer field_of(const Target& target, unsigned int id, unsigned int scope) {
  const Board& board = target.board();
  switch (id) {
    case field_memory_temperature:
      return when(board.can.memory_temperature, static_cast<unsigned int>(target.gpu.values(target.now).memory_temperature));
    case field_resetless_mig: return when(board.geometry.has_value(), board.can.resetless_mig ? 1U : 0U);
    case field_power_average:
    case field_power_instant:
    case field_power_min_limit:
    case field_power_max_limit:
    case field_power_default_limit:
    case field_power_current_limit:
    case field_power_requested_limit:
    case field_total_energy:
    case field_energy: return power_field(target, id);
    case field_shutdown_tlimit:
    case field_slowdown_tlimit:
    case field_memory_max_tlimit:
    case field_gpu_max_tlimit: return limit_field(board, id);
    case field_ecc_current:
    case field_ecc_pending: return when(board.can.ecc, 1U);
    case field_ecc_single_volatile:
    case field_ecc_double_volatile:
    case field_ecc_single_aggregate:
    case field_ecc_double_aggregate:
    case field_retired_single:
    case field_retired_double:
    case field_retired_pending:
    case field_remapped_correctable:
    case field_remapped_uncorrectable:
    case field_remapped_pending:
    case field_remapped_failure: return health_field(target, id);
    case field_pcie_replays:
    case field_pcie_replay_rollovers:
    case field_pcie_tx_bytes:
    case field_pcie_rx_bytes: return pcie_field(target, id);
    case field_reset_status:
    case field_recovery_action: return when(board.architecture >= arch_ampere, 0U);
    case field_nvlink_speed_common:
    case field_nvlink_link_count:
    case field_nvlink_data_tx:
    case field_nvlink_data_rx:
    case field_nvlink_raw_tx:
    case field_nvlink_raw_rx:
    case field_nvlink_speed:
    case field_nvlink_state:
    case field_nvlink_version: return nvlink_field(target, id, scope);
    default:
      if (id >= field_nvlink_speed_first && id <= field_nvlink_speed_last) return nvlink_field(target, id, scope);
      return id == 0 ? Return::invalid_argument : Return::not_supported;
  }
}

void put(const Answer& answer, FieldValue& field) {
  field.nvml_return = Return::success;
  field.value = {};
  if (const auto* code = std::get_if<Return>(&answer)) field.nvml_return = *code;
  if (const auto* number = std::get_if<unsigned int>(&answer)) field.value_type = value_unsigned_int, field.value.as_uint = *number;
  if (const auto* number = std::get_if<unsigned long long>(&answer))
    field.value_type = value_unsigned_long_long, field.value.as_ulonglong = *number;
  if (const auto* number = std::get_if<int>(&answer)) field.value_type = value_signed_int, field.value.as_int = *number;
}

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetFieldValues(Device device, int count, FieldValue* values) {
  return on_device("nvmlDeviceGetFieldValues", device, count > 0 && values != nullptr, MigDevice::answered, [&](Target& target) {
    for (FieldValue& field : std::span(values, static_cast<std::size_t>(count))) {
      put(target.is_mig_device() ? Answer(Return::not_supported) : field_of(target, field.field_id, field.scope_id), field);
      field.timestamp = target.now.time_since_epoch().count() * 1000;
      field.latency_usec = 0;
    }
    return Return::success;
  });
}

}  // namespace reeve::sim
