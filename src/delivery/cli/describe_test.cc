#include "delivery/cli/describe.h"

#include <gtest/gtest.h>

#include "delivery/cli/fake_console_test.h"

namespace reeve::cli {
namespace {

TEST(Describe, a_device_with_its_holder_values_slices_processes_and_events) {
  FakeConsole fake;
  fake.answer("GET /api/v1/devices/n1-GPU-00",
              R"({"id":"n1-GPU-00","node":"n1","index":0,"uuid":"GPU-1","model":"A100_80GB","model_name":"A100 80GB",
    "state":"ACTIVE","mig_enabled":true,"lost":false,"stale":false,"free":false,"memory_mib":81920,"allocation":"A1",
    "observed_at":"2026-11-24T11:59:30.000Z",
    "values":{"gpu_temperature_celsius":61,"energy_millijoules_total":7200000000,"sm_active_ratio":0.512},
    "instances":[{"id":"n1-GPU-00-MIG-07","profile":"1g.10gb","placement":{"start":0,"size":1},"memory_mib":9728,"free":true}],
    "processes":[{"pid":412,"name":"python3","memory_mib":2048,"gpu_instance_id":7}],
    "holders":[{"namespace":"ml","pod":"vllm-0","container":"main","replica":2,"sources":["pod-resources","exporter-labels"],
                "allocation":"A1","since":"2026-11-24T11:00:00.000Z"}]})");
  fake.answer("GET /api/v1/allocations/A1", R"({"id":"A1","namespace":"ml","pod":"vllm-0","team":"search"})");
  fake.answer("GET /api/v1/events?device=n1-GPU-00&limit=10",
              R"({"items":[{"at":"2026-11-24T11:00:00.000Z","device":"n1-GPU-00","gpu_instance_id":null,"code":31}]})");
  const Ran ran = run_words(fake, {"describe", "device", "n1-GPU-00"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "Name:     n1-GPU-00\n"
            "Node:     n1\n"
            "Index:    0\n"
            "Model:    A100 80GB (A100_80GB)\n"
            "State:    ACTIVE\n"
            "Holder:   A1: ml/vllm-0, team search\n"
            "MIG:      on\n"
            "Memory:   80.0GiB\n"
            "UUID:     GPU-1\n"
            "Seen:     2026-11-24T11:59:30.000Z (30s ago)\n"
            "Seen on it:\n"
            "  POD         CONTAINER   SHARE   SOURCES                         ALLOCATION   AGE\n"
            "  ml/vllm-0   main            2   pod-resources,exporter-labels   A1           60m\n"
            "Values:\n"
            "  METRIC                         VALUE\n"
            "  gpu_temperature_celsius         61°C\n"
            "  energy_millijoules_total   2.000 kWh\n"
            "  sm_active_ratio                51.2%\n"
            "Slices:\n"
            "  NAME               PROFILE   START:SIZE     MEMORY   BUSY   FREE   ALLOCATION\n"
            "  n1-GPU-00-MIG-07   1g.10gb   0:1          -/9.5GiB      -   yes    -\n"
            "Processes:\n"
            "  PID   NAME      MEMORY   GI\n"
            "  412   python3   2.0GiB    7\n"
            "Events:\n"
            "  AT                         AGE   DEVICE      XID   GI\n"
            "  2026-11-24T11:00:00.000Z   60m   n1-GPU-00    31    -\n");
}

TEST(Describe, every_kind_with_a_name_can_be_described) {
  for (const Kind& kind : kinds()) {
    if (!can_describe(kind)) continue;
    FakeConsole fake;
    const std::string name = kind.namespaced ? "x/x" : "x";
    fake.answer("GET " + kind.path + "/" + name, R"({"id":"x","name":"x","namespace":"x"})");
    const Ran ran = run_words(fake, {"describe", kind.singular, name});
    EXPECT_EQ(ran.code, 0) << kind.name << ran.err;
    EXPECT_NE(ran.out.find('x'), std::string::npos) << kind.name;
    EXPECT_EQ(run_words(fake, {"describe", kind.name, kind.namespaced ? "y/y" : "y"}).code, 3);
  }
}

TEST(Describe, measures_take_their_unit_from_the_name) {
  EXPECT_EQ(measure_text("pcie_tx_bytes_per_second", 2.5e9), "2.5 GB/s");
  EXPECT_EQ(measure_text("sm_clock_mhz", 1980), "1980 MHz");
  EXPECT_EQ(measure_text("memory_used_mib", 81920), "80.0GiB");
  EXPECT_EQ(measure_text("power_violation_nanoseconds_total", 2.5e9), "2.5 s");
  EXPECT_EQ(measure_text("last_xid", 31), "31");
}

}  // namespace
}  // namespace reeve::cli
