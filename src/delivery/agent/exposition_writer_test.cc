#include "delivery/agent/exposition_writer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "testing/source_tree.h"
#include "wire/exposition/exposition_observation.h"
#include "wire/observation/observation_json.h"

namespace reeve {
namespace {

AgentReport small_node() {
  AgentReport report;
  NodeObservation& node = report.observation;
  node.node.text = "n1";
  node.at = *parse_rfc3339("2026-11-24T22:51:42.250Z");
  node.driver_version = "570.148.08";
  DeviceObservation whole;
  whole.index = 0;
  whole.uuid.text = "GPU-a";
  whole.product_name = "NVIDIA \"H100\"";
  whole.pci_address = "00000000:18:00.0";
  whole.values.set(Metric::sm_clock, 1980);
  whole.values.set(Metric::power_usage, 612.471);
  whole.values.set(Metric::total_energy, 9143388210533.0);
  whole.values.set(Metric::gpu_utilization, 0);
  whole.values.set(Metric::memory_used, 64000);
  whole.processes = {{4242, "python", MiB(63000), {}, {}}, {7, "", {}, {}, {}}};
  DeviceObservation cut = whole;
  cut.index = 1;
  cut.uuid.text = "GPU-b";
  cut.processes.clear();
  cut.mig_enabled = true;
  cut.values.set(Metric::uncorrectable_remapped_rows, 2);
  cut.values.erase(Metric::gpu_utilization);
  InstanceObservation instance;
  instance.gpu_instance_id = 7;
  instance.profile = "1g.10gb";
  instance.values.set(Metric::memory_used, 13);
  instance.values.set(Metric::graphics_engine_active, 0.712);
  cut.instances = {instance, instance};
  cut.instances[1].gpu_instance_id = 9;
  cut.instances[1].compute_instance_id = 1;
  cut.instances[1].values = {};
  DeviceObservation lost;
  lost.index = 2;
  lost.uuid.text = "GPU-c";
  lost.lost = true;
  node.devices = {whole, cut, lost};
  node.events = {{*parse_rfc3339("2026-11-24T22:50:00.005Z"), {"GPU-b"}, 7, 31, 4}};
  report.observation_seconds = 0.0125;
  report.observations = 3;
  report.failures = 1;
  return report;
}

constexpr std::string_view small_node_text = R"(# HELP DCGM_FI_DEV_SM_CLOCK SM clock frequency (in MHz).
# TYPE DCGM_FI_DEV_SM_CLOCK gauge
DCGM_FI_DEV_SM_CLOCK{A} 1980
DCGM_FI_DEV_SM_CLOCK{B,GPU_I_PROFILE="1g.10gb",GPU_I_ID="7",H,V} 1980
DCGM_FI_DEV_SM_CLOCK{B,GPU_I_PROFILE="1g.10gb",GPU_I_ID="9",GPU_I_C_ID="1",H,V} 1980
# HELP DCGM_FI_DEV_POWER_USAGE Power draw (in W).
# TYPE DCGM_FI_DEV_POWER_USAGE gauge
DCGM_FI_DEV_POWER_USAGE{A} 612.471000
DCGM_FI_DEV_POWER_USAGE{B,GPU_I_PROFILE="1g.10gb",GPU_I_ID="7",H,V} 612.471000
DCGM_FI_DEV_POWER_USAGE{B,GPU_I_PROFILE="1g.10gb",GPU_I_ID="9",GPU_I_C_ID="1",H,V} 612.471000
# HELP DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION Total energy consumption since boot (in mJ).
# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{A} 9143388210533
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{B,GPU_I_PROFILE="1g.10gb",GPU_I_ID="7",H,V} 9143388210533
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{B,GPU_I_PROFILE="1g.10gb",GPU_I_ID="9",GPU_I_C_ID="1",H,V} 9143388210533
# HELP DCGM_FI_DEV_GPU_UTIL GPU utilization (in %).
# TYPE DCGM_FI_DEV_GPU_UTIL gauge
DCGM_FI_DEV_GPU_UTIL{A} 0
# HELP DCGM_FI_DEV_FB_USED Framebuffer memory used (in MiB).
# TYPE DCGM_FI_DEV_FB_USED gauge
DCGM_FI_DEV_FB_USED{A} 64000
DCGM_FI_DEV_FB_USED{B,GPU_I_PROFILE="1g.10gb",GPU_I_ID="7",H,V} 13
# HELP DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS Number of remapped rows for uncorrectable errors
# TYPE DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS counter
DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS{B,H,V} 2
# HELP DCGM_FI_PROF_GR_ENGINE_ACTIVE Ratio of time the graphics engine is active.
# TYPE DCGM_FI_PROF_GR_ENGINE_ACTIVE gauge
DCGM_FI_PROF_GR_ENGINE_ACTIVE{B,GPU_I_PROFILE="1g.10gb",GPU_I_ID="7",H,V} 0.712000
# HELP reeve_device_up Whether the driver answered for this GPU.
# TYPE reeve_device_up gauge
reeve_device_up{A} 1
reeve_device_up{B,H,V} 1
reeve_device_up{C} 0
# HELP reeve_device_lost Whether this GPU fell off the bus.
# TYPE reeve_device_lost gauge
reeve_device_lost{A} 0
reeve_device_lost{B,H,V} 0
reeve_device_lost{C} 1
# HELP reeve_process_memory_mib GPU memory of a process (in MiB); NaN when the driver does not say.
# TYPE reeve_process_memory_mib gauge
reeve_process_memory_mib{UUID="GPU-a",gpu="0",pid="4242",process_name="python",H} 63000
reeve_process_memory_mib{UUID="GPU-a",gpu="0",pid="7",process_name="",H} NaN
# HELP reeve_device_event_timestamp_seconds When an Xid happened (in Unix seconds).
# TYPE reeve_device_event_timestamp_seconds gauge
reeve_device_event_timestamp_seconds{UUID="GPU-b",GPU_I_ID="7",xid="31",sequence="4",H} 1795560600.005
# HELP reeve_agent_inventory_info Changes with the inventory at /v1/devices.
# TYPE reeve_agent_inventory_info gauge
reeve_agent_inventory_info{H,version="F"} 1
# HELP reeve_build_info The program that answers.
# TYPE reeve_build_info gauge
reeve_build_info{H,component="agent",version="0.1.0"} 1
# HELP reeve_agent_driver_up Whether the vendor's driver can be used.
# TYPE reeve_agent_driver_up gauge
reeve_agent_driver_up{H} 1
# HELP reeve_agent_observation_timestamp_seconds When these values were taken (in Unix seconds).
# TYPE reeve_agent_observation_timestamp_seconds gauge
reeve_agent_observation_timestamp_seconds{H} 1795560702.250
# HELP reeve_agent_observation_duration_seconds How long it took to take them.
# TYPE reeve_agent_observation_duration_seconds gauge
reeve_agent_observation_duration_seconds{H} 0.012500
# HELP reeve_agent_observations_total Looks at the GPUs of this node.
# TYPE reeve_agent_observations_total counter
reeve_agent_observations_total{H} 3
# HELP reeve_agent_observation_failures_total Looks for which the driver could not be used.
# TYPE reeve_agent_observation_failures_total counter
reeve_agent_observation_failures_total{H} 1
)";

// The golden text with its abbreviations spelled out: A, B, C the labels of the GPUs, H the host, V the driver.
std::string spelled_out(std::string_view text, const std::string& fingerprint) {
  const auto gpu = [](int index, std::string_view uuid, std::string_view pci, std::string_view name) {
    return fmt::format(R"(gpu="{0}",UUID="{1}",pci_bus_id="{2}",device="nvidia{0}",modelName="{3}")", index, uuid, pci, name);
  };
  const std::string host = R"(hostname="n1")";
  const std::string driver = R"(DCGM_FI_DRIVER_VERSION="570.148.08")";
  std::string out(text);
  const auto replace = [&](const std::string& short_form, const std::string& long_form) {
    for (std::size_t at = out.find(short_form); at != std::string::npos; at = out.find(short_form, at + long_form.size()))
      out.replace(at, short_form.size(), long_form);
  };
  replace("{A}", "{" + gpu(0, "GPU-a", "00000000:18:00.0", R"(NVIDIA \"H100\")") + "," + host + "," + driver + "}");
  replace("{B,", "{" + gpu(1, "GPU-b", "00000000:18:00.0", R"(NVIDIA \"H100\")") + ",");
  replace("{C}", "{" + gpu(2, "GPU-c", "", "") + "," + host + "," + driver + "}");
  for (const std::string before : {"{", ","})
    for (const std::string after : {"}", ","}) replace(before + "H" + after, before + host + after);
  replace(",V}", "," + driver + "}");
  replace("\"F\"", "\"" + fingerprint + "\"");
  return out;
}

// Lines for which `keep` holds.
template <class Keep>
std::vector<std::string> lines_of(const std::string& text, Keep&& keep) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (keep(line)) lines.push_back(line);
  return lines;
}

TEST(ExpositionWriter, writes_this_text) {
  const AgentReport report = small_node();
  EXPECT_EQ(write_exposition(report, {.version = "0.1.0"}), spelled_out(small_node_text, wire::inventory_fingerprint(report.observation)));
}

TEST(ExpositionWriter, the_old_spelling_of_the_host_can_be_had) {
  const std::string text = write_exposition(small_node(), {.old_hostname_label = true, .version = "0.1.0"});
  EXPECT_NE(text.find(R"(,Hostname="n1",DCGM)"), std::string::npos);
  EXPECT_EQ(text.find("hostname="), std::string::npos);
}

TEST(ExpositionWriter, openmetrics_keeps_the_names_of_the_samples) {
  const AgentReport report = small_node();
  const std::string plain = write_exposition(report, {.version = "0.1.0"});
  const std::string open = write_exposition(report, {.format = ExpositionFormat::openmetrics, .version = "0.1.0"});
  const auto samples = [](const std::string& text) {
    return lines_of(text, [](const std::string& line) { return !line.starts_with('#'); });
  };
  EXPECT_EQ(samples(open), samples(plain));
  EXPECT_TRUE(open.ends_with("# EOF\n"));
  EXPECT_NE(open.find("# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION unknown\n"), std::string::npos);
  EXPECT_NE(open.find("# TYPE reeve_agent_observations counter\n"), std::string::npos);
  EXPECT_NE(open.find("# TYPE reeve_build info\n"), std::string::npos);
}

TEST(ExpositionWriter, without_a_driver_there_are_no_devices_and_it_says_so) {
  AgentReport report;
  report.observation.node.text = "n1";
  report.error = "cannot load libnvidia-ml.so.1";
  const std::string text = write_exposition(report, {});
  EXPECT_NE(text.find("reeve_agent_driver_up{hostname=\"n1\"} 0\n"), std::string::npos);
  EXPECT_EQ(text.find("DCGM_"), std::string::npos);
}

// Without the labels of pods, which stand last.
std::set<std::string> sample_lines(const std::string& text) {
  std::set<std::string> lines;
  const auto is_sample = [](const std::string& line) {
    return line.starts_with("DCGM_") && !line.starts_with("DCGM_FI_DEV_VGPU_LICENSE_STATUS");
  };
  for (std::string line : lines_of(text, is_sample)) {
    const std::size_t pod = line.find(",container=");
    if (pod != std::string::npos) line.erase(pod, line.find('}', pod) - pod);
    lines.insert(std::move(line));
  }
  return lines;
}

// What dcgm-exporter says, read as an observation and written again, is line for line what it said, but for
// the pods, which an agent does not know, and the vGPU licence.
TEST(ExpositionWriter, a_node_reads_the_same_as_from_dcgm_exporter) {
  for (const char* name : {"dcgm-exporter-full-gpu.prom", "dcgm-exporter-mig.prom"}) {
    std::ifstream in(source_path(std::string("tests/data/exposition/") + name));
    std::stringstream original;
    original << in.rdbuf();
    const auto read = wire::observation_from_exposition(original.str(), {});
    ASSERT_TRUE(read.ok());
    AgentReport report;
    report.observation = read->observation;
    for (DeviceObservation& device : report.observation.devices) {  // sums of the reader's
      device.values.erase(Metric::memory_total);
      for (InstanceObservation& instance : device.instances) instance.values.erase(Metric::memory_total);
    }
    const std::set<std::string> ours = sample_lines(write_exposition(report, {}));
    const std::set<std::string> theirs = sample_lines(original.str());
    EXPECT_GE(theirs.size(), 80U);
    for (const std::string& line : theirs) EXPECT_TRUE(ours.contains(line)) << "missing: " << line;
    for (const std::string& line : ours) EXPECT_TRUE(theirs.contains(line)) << "added: " << line;
  }
}

HolderObservation holder(const std::string& pod, const std::string& resource, const std::string& id, std::optional<int> slice = {},
                         std::optional<int> replica = {}) {
  return {HolderSource::pod_resources, "team-a", pod, "main", resource, id, slice, replica};
}

AgentReport held_node() {
  AgentReport report = small_node();
  report.kubelet_answered = true;
  NodeObservation& node = report.observation;
  node.holders_from = HolderSource::pod_resources;
  node.devices[0].holders = {holder("train-0", "nvidia.com/gpu", "GPU-a")};
  node.devices[1].holders = {holder("infer", "nvidia.com/mig-1g.10gb", "MIG-1", 7)};
  node.unplaced_holders = {holder("far", "amd.com/gpu", "amdgpu_xcp_3")};
  return report;
}

TEST(AgentExposition, the_container_that_has_a_gpu_stands_last_on_its_rows_as_dcgm_exporter_has_it) {
  const std::string text = write_exposition(held_node(), {});
  EXPECT_NE(
      text.find("hostname=\"n1\",DCGM_FI_DRIVER_VERSION=\"570.148.08\",container=\"main\",namespace=\"team-a\",pod=\"train-0\"} 1980"),
      std::string::npos)
      << text;
  // The slice's rows name who has the slice; those of the GPU that is cut name nobody.
  EXPECT_NE(text.find("DCGM_FI_DEV_FB_USED{gpu=\"1\",UUID=\"GPU-b\",pci_bus_id=\"00000000:18:00.0\",device=\"nvidia1\","
                      "modelName=\"NVIDIA \\\"H100\\\"\",GPU_I_PROFILE=\"1g.10gb\",GPU_I_ID=\"7\",hostname=\"n1\","
                      "DCGM_FI_DRIVER_VERSION=\"570.148.08\",container=\"main\",namespace=\"team-a\",pod=\"infer\"} 13"),
            std::string::npos)
      << text;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool names_a_pod = line.find(",pod=\"") != std::string::npos;
    const bool is_free = line.find("GPU_I_ID=\"9\"") != std::string::npos;
    const bool is_of_cut_gpu = line.starts_with("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS{gpu=\"1\"");
    EXPECT_FALSE(names_a_pod && (is_free || is_of_cut_gpu)) << line;
  }
}

TEST(AgentExposition, rows_of_shared_gpus_name_nobody) {
  AgentReport two = held_node();
  two.observation.devices[0].holders.push_back(holder("train-1", "nvidia.com/gpu", "GPU-a"));
  EXPECT_EQ(write_exposition(two, {}).find(",pod=\"train-0\"} 1980"), std::string::npos);
  AgentReport share = held_node();
  share.observation.devices[0].holders = {holder("train-0", "nvidia.com/gpu.shared", "GPU-a::1", {}, 1)};
  EXPECT_EQ(write_exposition(share, {}).find(",pod=\"train-0\"} 1980"), std::string::npos);
  // Twice the same container is one container: DRA and the device plug-in may both name it.
  AgentReport same = held_node();
  same.observation.devices[0].holders.push_back(holder("train-0", "", "gpu.nvidia.com/n1/gpu-0"));
  EXPECT_NE(write_exposition(same, {}).find(",pod=\"train-0\"} 1980"), std::string::npos);
}

TEST(AgentExposition, a_row_a_container_and_device_says_what_the_kubelet_calls_it) {
  const std::string text = write_exposition(held_node(), {});
  EXPECT_NE(text.find("reeve_pod_device_info{UUID=\"GPU-b\",GPU_I_ID=\"7\",namespace=\"team-a\",pod=\"infer\",container=\"main\","
                      "resource=\"nvidia.com/mig-1g.10gb\",device_id=\"MIG-1\",hostname=\"n1\"} 1\n"
                      "reeve_pod_device_info{UUID=\"\",namespace=\"team-a\",pod=\"far\",container=\"main\",resource=\"amd.com/gpu\","
                      "device_id=\"amdgpu_xcp_3\",hostname=\"n1\"} 1\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("reeve_pod_resources_up{hostname=\"n1\"} 1\n"), std::string::npos);
  EXPECT_EQ(write_exposition(small_node(), {}).find("reeve_pod"), std::string::npos);
  AgentReport silent = small_node();
  silent.kubelet_answered = false;
  EXPECT_NE(write_exposition(silent, {}).find("reeve_pod_resources_up{hostname=\"n1\"} 0\n"), std::string::npos);
}

TEST(AgentExposition, who_holds_what_is_read_back_as_it_was) {
  const AgentReport report = held_node();
  const auto read = wire::observation_from_exposition(write_exposition(report, {}), {});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->observation.holders_from, HolderSource::pod_resources);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(read->observation.devices[i].holders, report.observation.devices[i].holders);
  EXPECT_EQ(read->observation.unplaced_holders, report.observation.unplaced_holders);
}

}  // namespace
}  // namespace reeve
