// GPM, event sets, and what each family of boards does not support.

#include <chrono>
#include <cstring>
#include <thread>

#include "sim/nvml/probe.h"

namespace reeve::sim {
namespace {

using namespace nvml;

void pause(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

class TwoSamples {
 public:
  TwoSamples() {
    EXPECT_EQ(calls().nvmlGpmSampleAlloc(&first), Return::success);
    EXPECT_EQ(calls().nvmlGpmSampleAlloc(&second), Return::success);
  }
  ~TwoSamples() {
    EXPECT_EQ(calls().nvmlGpmSampleFree(first), Return::success);
    EXPECT_EQ(calls().nvmlGpmSampleFree(second), Return::success);
  }
  GpmSample first = nullptr, second = nullptr;
};

TEST(NvmlGpm, two_samples_give_means) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "load": {"kind": "steady", "level": 0.5, "volatility": 0}})"));
  const TwoSamples samples;
  EXPECT_EQ(calls().nvmlGpmSampleGet(probe.gpu(), samples.first), Return::success);
  pause(120);
  EXPECT_EQ(calls().nvmlGpmSampleGet(probe.gpu(), samples.second), Return::success);
  GpmMetricsGet request{.num_metrics = 3, .sample1 = samples.first, .sample2 = samples.second};
  request.metrics[0].metric_id = gpm_graphics_util;
  request.metrics[1].metric_id = gpm_pcie_rx_per_sec;
  request.metrics[2].metric_id = 4711;
  EXPECT_EQ(calls().nvmlGpmMetricsGet(&request), Return::success);
  EXPECT_NEAR(request.metrics[0].value, 50, 0.1);
  EXPECT_STREQ(request.metrics[0].metric_info.unit, "%");
  EXPECT_GT(request.metrics[1].value, 0);
  EXPECT_EQ(request.metrics[2].nvml_return, Return::not_supported);
}

TEST(NvmlGpm, nothing_behind_the_asked_metrics_is_touched) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB"})"));
  const TwoSamples samples;
  EXPECT_EQ(calls().nvmlGpmSampleGet(probe.gpu(), samples.first), Return::success);
  pause(110);
  EXPECT_EQ(calls().nvmlGpmSampleGet(probe.gpu(), samples.second), Return::success);
  std::vector<unsigned char> bytes(24 + 40 * 4, 0xEE);  // room for two metrics and two that must stay
  auto* request = reinterpret_cast<GpmMetricsGet*>(bytes.data());
  request->version = 1;
  request->num_metrics = 2;
  request->sample1 = samples.first;
  request->sample2 = samples.second;
  request->metrics[0].metric_id = gpm_sm_util;
  request->metrics[1].metric_id = gpm_dram_bw_util;
  EXPECT_EQ(calls().nvmlGpmMetricsGet(request), Return::success);
  for (std::size_t i = 24 + 40 * 2; i < bytes.size(); ++i) ASSERT_EQ(bytes[i], 0xEE);
}

TEST(NvmlGpm, samples_must_be_taken_apart_and_of_one_gpu) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "count": 2})"));
  const TwoSamples samples;
  GpmMetricsGet request{.num_metrics = 1, .sample1 = samples.first, .sample2 = samples.second};
  request.metrics[0].metric_id = gpm_sm_util;
  EXPECT_EQ(calls().nvmlGpmMetricsGet(&request), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlGpmSampleGet(probe.gpu(0), samples.first), Return::success);
  EXPECT_EQ(calls().nvmlGpmSampleGet(probe.gpu(0), samples.second), Return::success);
  EXPECT_EQ(calls().nvmlGpmMetricsGet(&request), Return::not_ready);
  EXPECT_EQ(calls().nvmlGpmSampleGet(probe.gpu(1), samples.second), Return::success);
  EXPECT_EQ(calls().nvmlGpmMetricsGet(&request), Return::invalid_argument);
  request.num_metrics = 0;
  EXPECT_EQ(calls().nvmlGpmMetricsGet(&request), Return::invalid_argument);
  request.version = 2;
  EXPECT_EQ(calls().nvmlGpmMetricsGet(&request), Return::argument_version_mismatch);
}

TEST(NvmlGpm, a_slice_is_measured_by_its_own_size) {
  const Probe probe(Probe::node(
      R"({"model": "H100_80GB", "mig": [{"profile": "3g.40gb", "load": {"kind": "steady", "level": 0.8, "volatility": 0}}, "1g.10gb"]})"));
  const TwoSamples samples;
  EXPECT_EQ(calls().nvmlGpmMigSampleGet(probe.gpu(), 5, samples.first), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlGpmMigSampleGet(probe.gpu(), 2, samples.first), Return::success);
  pause(110);
  EXPECT_EQ(calls().nvmlGpmMigSampleGet(probe.gpu(), 2, samples.second), Return::success);
  GpmMetricsGet request{.num_metrics = 2, .sample1 = samples.first, .sample2 = samples.second};
  request.metrics[0].metric_id = gpm_graphics_util;
  request.metrics[1].metric_id = gpm_nvlink_total_tx_per_sec;
  EXPECT_EQ(calls().nvmlGpmMetricsGet(&request), Return::success);
  EXPECT_NEAR(request.metrics[0].value, 80, 0.1);
  EXPECT_EQ(request.metrics[1].nvml_return, Return::not_supported);
}

class Events {
 public:
  Events() { EXPECT_EQ(calls().nvmlEventSetCreate(&set), Return::success); }
  ~Events() { EXPECT_EQ(calls().nvmlEventSetFree(set), Return::success); }
  EventSet set = nullptr;
};

TEST(NvmlEvents, only_what_happens_after_registration_is_told) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "events": [{"at": -5, "xid": 31}, {"at": 0.4, "xid": 48}]})"));
  const Events events;
  EXPECT_EQ(calls().nvmlDeviceRegisterEvents(probe.gpu(), event_xid_critical | event_double_bit_ecc, events.set), Return::success);
  EventData data;
  EXPECT_EQ(calls().nvmlEventSetWait_v2(events.set, &data, 0), Return::timeout);
  EXPECT_EQ(calls().nvmlEventSetWait_v2(events.set, &data, 3000), Return::success);
  EXPECT_EQ(data.device, probe.gpu());
  EXPECT_EQ(data.event_type, event_xid_critical);
  EXPECT_EQ(data.event_data, 48u);
  EXPECT_EQ(data.gpu_instance_id, no_instance);
  EXPECT_EQ(calls().nvmlEventSetWait_v2(events.set, &data, 20), Return::timeout);
}

TEST(NvmlEvents, a_lost_gpu_reports_xid_79_and_then_its_loss) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "events": [{"at": 0.2, "lost": true}]})"));
  const Events events;
  EXPECT_EQ(calls().nvmlDeviceRegisterEvents(probe.gpu(), event_xid_critical, events.set), Return::success);
  EventData data;
  EXPECT_EQ(calls().nvmlEventSetWait_v2(events.set, &data, 3000), Return::success);
  EXPECT_EQ(data.event_data, 79u);
  EXPECT_EQ(calls().nvmlEventSetWait_v2(events.set, &data, 1000), Return::gpu_is_lost);
  EXPECT_EQ(calls().nvmlEventSetWait_v2(events.set, &data, 10), Return::timeout);
}

TEST(NvmlEvents, unsupported_kinds_and_foreign_sets_are_refused) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "mig": ["1g.10gb"]})"));
  const Events events;
  unsigned long long types = 0;
  EXPECT_EQ(calls().nvmlDeviceGetSupportedEventTypes(probe.gpu(), &types), Return::success);
  EXPECT_NE(types & event_xid_critical, 0u);
  EXPECT_EQ(calls().nvmlDeviceRegisterEvents(probe.gpu(), 1ULL << 40, events.set), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceRegisterEvents(probe.gpu(), event_power_source, events.set), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceRegisterEvents(probe.mig(0), event_xid_critical, events.set), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceRegisterEvents(probe.gpu(), event_xid_critical, nullptr), Return::invalid_argument);
  EventData data;
  EXPECT_EQ(calls().nvmlEventSetWait_v2(nullptr, &data, 0), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlEventSetFree(nullptr), Return::invalid_argument);
}

TEST(NvmlEvents, a_mig_change_is_an_event) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "mig_mode": true})", R"("privileged": true, )"));
  const Events events;
  EXPECT_EQ(calls().nvmlDeviceRegisterEvents(probe.gpu(), event_mig_config_change, events.set), Return::success);
  pause(5);
  GpuInstance instance = nullptr;
  EXPECT_EQ(calls().nvmlDeviceCreateGpuInstance(probe.gpu(), 19, &instance), Return::success);
  EventData data;
  EXPECT_EQ(calls().nvmlEventSetWait_v2(events.set, &data, 100), Return::success);
  EXPECT_EQ(data.event_type, event_mig_config_change);
}

// One column of the support matrix.
struct Family {
  const char* model;
  const char* more;  // of the GPU in the scenario
  bool serial, ecc, energy, fans, absolute, relative, margin, remapped, retired, mig, gpm, utilization, field_memory_temperature,
      field_power_average, field_power_instant;
};

constexpr bool yes = true, no = false;
constexpr Family families[] = {
    //                        serial ecc energy fans abs rel margin remap retired mig gpm util mtemp avg inst
    {"GTX1080", "", no, no, no, yes, yes, no, no, no, no, no, no, yes, no, no, no},
    {"RTX2080", "", no, no, yes, yes, yes, no, no, no, no, no, no, yes, no, no, no},
    {"RTX3090", "", no, no, yes, yes, yes, no, no, no, no, no, no, yes, no, yes, yes},
    {"RTX4090", "", no, no, yes, yes, no, yes, yes, no, no, no, no, yes, no, yes, yes},
    {"rtx-5090", "", no, no, yes, yes, no, yes, yes, no, no, no, no, yes, no, yes, yes},
    {"t4", "", yes, yes, yes, no, yes, no, no, no, yes, no, no, yes, no, no, yes},
    {"V100_32GB", "", yes, yes, yes, no, yes, no, no, no, yes, no, no, yes, yes, no, no},
    {"A100_40GB", "", yes, yes, yes, no, yes, no, no, yes, no, yes, no, yes, yes, no, yes},
    {"a30", "", yes, yes, yes, no, yes, no, no, yes, no, yes, no, yes, yes, no, yes},
    {"l40s", "", yes, yes, yes, no, no, yes, yes, yes, no, no, no, yes, no, yes, yes},
    {"a10", "", yes, yes, yes, no, yes, no, no, yes, no, no, no, yes, no, yes, yes},
    {"H100_80GB", "", yes, yes, yes, no, no, yes, yes, yes, no, yes, yes, yes, yes, yes, yes},
    {"b200", "", yes, yes, yes, no, no, yes, yes, yes, no, yes, yes, yes, yes, yes, yes},
    {"H100_80GB", R"(, "mig": ["1g.10gb"])", yes, yes, yes, no, no, yes, yes, no, no, yes, yes, no, yes, yes, yes},
    {"A100_40GB", R"(, "mig_mode": true)", yes, yes, yes, no, yes, no, no, yes, no, yes, no, no, yes, no, yes},
};

Return supported(bool is) { return is ? Return::success : Return::not_supported; }

Return field(Device gpu, unsigned int id) {
  FieldValue value{.field_id = id};
  EXPECT_EQ(calls().nvmlDeviceGetFieldValues(gpu, 1, &value), Return::success);
  return value.nvml_return;
}

void check_values(const Family& family, Device gpu) {
  char buffer[96];
  unsigned int a = 0, b = 0, c = 0, d = 0;
  unsigned long long big = 0;
  MarginTemperatureV1 margin;
  RowRemapperHistogram histogram;
  EXPECT_EQ(calls().nvmlDeviceGetSerial(gpu, buffer, sizeof buffer), supported(family.serial));
  EXPECT_EQ(calls().nvmlDeviceValidateInforom(gpu), supported(family.serial));
  EXPECT_EQ(calls().nvmlDeviceGetEccMode(gpu, &a, &b), supported(family.ecc));
  EXPECT_EQ(calls().nvmlDeviceGetTotalEccErrors(gpu, 0, 0, &big), supported(family.ecc));
  EXPECT_EQ(calls().nvmlDeviceGetMemoryErrorCounter(gpu, 1, 1, location_device_memory, &big), supported(family.ecc));
  EXPECT_EQ(calls().nvmlDeviceGetTotalEnergyConsumption(gpu, &big), supported(family.energy));
  EXPECT_EQ(calls().nvmlDeviceGetNumFans(gpu, &a), supported(family.fans));
  EXPECT_EQ(calls().nvmlDeviceGetFanSpeed_v2(gpu, 0, &a), supported(family.fans));
  EXPECT_EQ(calls().nvmlDeviceGetTemperatureThreshold(gpu, threshold_shutdown, &a), supported(family.absolute));
  EXPECT_EQ(calls().nvmlDeviceGetTemperatureThreshold(gpu, threshold_slowdown, &a), supported(family.absolute));
  EXPECT_EQ(calls().nvmlDeviceGetMarginTemperature(gpu, &margin), supported(family.margin));
  EXPECT_EQ(calls().nvmlDeviceGetRemappedRows(gpu, &a, &b, &c, &d), supported(family.remapped));
  EXPECT_EQ(calls().nvmlDeviceGetRowRemapperHistogram(gpu, &histogram), supported(family.remapped));
  EXPECT_EQ(calls().nvmlDeviceGetRetiredPages_v2(gpu, 0, &(a = 0), nullptr, nullptr), supported(family.retired));
  EXPECT_EQ(calls().nvmlDeviceGetRetiredPagesPendingStatus(gpu, &a), supported(family.retired));
  EXPECT_EQ(field(gpu, field_slowdown_tlimit), supported(family.relative));
  EXPECT_EQ(field(gpu, field_memory_temperature), supported(family.field_memory_temperature));
  EXPECT_EQ(field(gpu, field_power_average), supported(family.field_power_average));
  EXPECT_EQ(field(gpu, field_power_instant), supported(family.field_power_instant));
}

void check_use(const Family& family, Device gpu) {
  unsigned int a = 0, b = 0;
  Utilization utilization;
  GpuInstanceProfileInfo info;
  GpmSupport support;
  GpmSample sample = nullptr;
  EXPECT_EQ(calls().nvmlDeviceGetUtilizationRates(gpu, &utilization), supported(family.utilization));
  EXPECT_EQ(calls().nvmlDeviceGetEncoderUtilization(gpu, &a, &b), supported(family.utilization));
  EXPECT_EQ(calls().nvmlDeviceGetDecoderUtilization(gpu, &a, &b), supported(family.utilization));
  EXPECT_EQ(calls().nvmlDeviceGetMigMode(gpu, &a, &b), supported(family.mig));
  EXPECT_EQ(calls().nvmlDeviceGetMaxMigDeviceCount(gpu, &a), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceProfileInfo(gpu, 0, &info), supported(family.mig));
  EXPECT_EQ(calls().nvmlGpmQueryDeviceSupport(gpu, &support), Return::success);
  EXPECT_EQ(support.is_supported_device, family.gpm ? 1u : 0u);
  EXPECT_EQ(calls().nvmlGpmSampleAlloc(&sample), Return::success);
  EXPECT_EQ(calls().nvmlGpmSampleGet(gpu, sample), supported(family.gpm));
  EXPECT_EQ(calls().nvmlGpmSampleFree(sample), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetTemperature(gpu, sensor_gpu, &a), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(gpu, &a), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetPerformanceState(gpu, &a), Return::success);
}

TEST(NvmlFamilies, each_supports_what_its_column_of_the_matrix_says) {
  int n = 0;
  for (const Family& family : families) {
    SCOPED_TRACE(std::string(family.model) + family.more);
    const Probe probe(
        Probe::node(std::string(R"({"model": ")") + family.model + "\"" + family.more + "}", R"("seed": )" + std::to_string(++n) + ", "));
    check_values(family, probe.gpu());
    check_use(family, probe.gpu());
  }
}

TEST(NvmlFamilies, a_mig_device_answers_little) {
  const Probe probe(Probe::node(R"({"model": "A100_40GB", "mig": [{"profile": "3g.20gb", "load": "inference"}]})"));
  const Device device = probe.mig(0);
  char buffer[96];
  unsigned int a = 0, b = 0;
  unsigned long long big = 0;
  Utilization utilization;
  PciInfo pci;
  EXPECT_EQ(calls().nvmlDeviceGetUtilizationRates(device, &utilization), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetEncoderUtilization(device, &a, &b), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetSerial(device, buffer, sizeof buffer), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetPciInfo_v3(device, &pci), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(device, &a), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetTotalEnergyConsumption(device, &big), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetMigMode(device, &a, &b), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetMemoryErrorCounter(device, 1, 0, location_sram, &big), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetMemoryErrorCounter(device, 1, 0, location_device_memory, &big), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetMemoryErrorCounter(device, 0, 0, location_sram, &big), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetMemoryErrorCounter(probe.gpu(), 1, 0, location_sram, &big), Return::not_supported);
}

TEST(NvmlFamilies, counters_of_the_scenario_are_shown) {
  const Probe probe(Probe::node(R"({"model": "t4", "health": {"ecc_corrected": 3, "retired_single_bit": 2, "pcie_replays": 150}},
      {"model": "H100_80GB", "health": {"remapped_correctable": 4, "remapped_pending": true}})"));
  unsigned long long big = 0, addresses[2] = {}, times[2] = {};
  unsigned int a = 0, b = 0, c = 0, d = 0;
  EXPECT_EQ(calls().nvmlDeviceGetTotalEccErrors(probe.gpu(0), 0, 1, &big), Return::success);
  EXPECT_EQ(big, 3u);
  EXPECT_EQ(calls().nvmlDeviceGetTotalEccErrors(probe.gpu(0), 2, 1, &big), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceGetRetiredPages_v2(probe.gpu(0), 0, &a, nullptr, nullptr), Return::insufficient_size);
  EXPECT_EQ(a, 2u);
  EXPECT_EQ(calls().nvmlDeviceGetRetiredPages_v2(probe.gpu(0), 0, &a, addresses, times), Return::success);
  EXPECT_NE(addresses[0], addresses[1]);
  EXPECT_EQ(calls().nvmlDeviceGetPcieReplayCounter(probe.gpu(0), &a), Return::success);
  EXPECT_EQ(a, 150u);
  EXPECT_EQ(calls().nvmlDeviceGetRemappedRows(probe.gpu(1), &a, &b, &c, &d), Return::success);
  EXPECT_EQ(a, 4u);
  EXPECT_EQ(c, 1u);
}

}  // namespace
}  // namespace reeve::sim
