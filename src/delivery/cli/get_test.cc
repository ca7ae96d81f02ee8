#include "delivery/cli/get.h"

#include <gtest/gtest.h>

#include "delivery/cli/fake_console_test.h"

namespace reeve::cli {
namespace {

constexpr const char* two_nodes = R"({"items":[
  {"name":"n1","cluster":"seoul","address":"10.0.0.1:9400","state":"ACTIVE","source":"reeve-agent","observed_at":"2026-11-24T11:59:48.000Z",
   "stale":false,"last_error":null,"driver_version":"550.54.15","cuda_version":"12.4","device_count":8,"devices_free":3,
   "instance_count":14,
   "instances_free":5,"models":["A100_80GB","H100_80GB"],"utilization_percent":61.4,"memory_used_mib":327680,"memory_total_mib":655360,
   "power_watts":2711.5},
  {"name":"n2","cluster":null,"address":"","state":"MAINTENANCE","source":"registered","observed_at":null,"stale":true,
   "last_error":"cannot observe http://10.0.0.2:9400: connection refused","driver_version":null,"cuda_version":null,"device_count":1,
   "devices_free":0,"instance_count":0,"instances_free":0,"models":[],"utilization_percent":null,"memory_used_mib":null,
   "memory_total_mib":null,"power_watts":null}],"next_cursor":null,"total":2})";

constexpr const char* two_devices = R"({"items":[
  {"id":"n1-GPU-00","node":"n1","model":"H100_80GB","model_name":"H100 80GB SXM5","state":"ACTIVE",
   "mig_enabled":false,"lost":false,"stale":false,
   "free":false,"memory_mib":81559,"uuid":"GPU-1","pci_address":"00000000:18:00.0","serial":"165","driver_version":"550.54.15",
   "source":"reeve-agent","observed_at":"2026-11-24T11:59:00.000Z","allocation":"ALLOC-00000001",
   "values":{"gpu_utilization_percent":97,"memory_used_mib":73000,"gpu_temperature_celsius":66,"power_watts":641.2},"instances":[]},
  {"id":"n1-GPU-01","node":"n1","model":"","product_name":"Unheard Of 9000","state":"ACTIVE","mig_enabled":true,"lost":true,"free":false,
   "memory_mib":null,"allocation":null,"values":{},"instances":[{},{}]}],"next_cursor":null,"total":2})";

TEST(Get, nodes_are_a_table_with_units_and_dashes_for_what_is_unknown) {
  FakeConsole fake;
  fake.answer("GET /api/v1/nodes?limit=1000", two_nodes);
  const Ran ran = run_words(fake, {"get", "nodes"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out,
            "NAME   STATE               GPUS   FREE   SLICES   FREE-SLICES   UTIL           MEMORY   POWER   SEEN   MODELS\n"
            "n1     ACTIVE                 8      3       14             5    61%   320.0/640.0GiB   2712W    12s   A100_80GB,H100_80GB\n"
            "n2     MAINTENANCE,STALE      1      0        0             0      -                -       -      -   -\n");
}

TEST(Get, devices_say_lost_before_anything_else_and_name_models_outside_the_catalogue) {
  FakeConsole fake;
  fake.answer("GET /api/v1/devices?node=n1&free=true&limit=1000", two_devices);
  const Ran ran = run_words(fake, {"get", "gpus", "--node", "n1", "--free"});
  EXPECT_EQ(ran.out,
            "NAME        MODEL             STATE    UTIL         MEMORY   TEMP   POWER   SLICES   FREE   ALLOCATION\n"
            "n1-GPU-00   H100_80GB         ACTIVE    97%   71.3/79.6GiB   66°C    641W        -   no     ALLOC-00000001\n"
            "n1-GPU-01   Unheard Of 9000   LOST        -              -      -       -        2   0/2    -\n");
}

TEST(Get, wide_has_more_columns_and_headers_can_be_left_out) {
  FakeConsole fake;
  fake.answer("GET /api/v1/nodes?limit=1000", two_nodes);
  const Ran ran = run_words(fake, {"get", "no", "-o", "wide", "--no-headers"});
  EXPECT_EQ(ran.out.find("NAME"), std::string::npos);
  EXPECT_NE(ran.out.find("550.54.15"), std::string::npos);
  EXPECT_NE(ran.out.find("connection refused"), std::string::npos);
}

TEST(Get, names_are_ready_for_other_commands) {
  FakeConsole fake;
  fake.answer("GET /api/v1/nodes?limit=1000", two_nodes);
  EXPECT_EQ(run_words(fake, {"get", "nodes", "-o", "name"}).out, "node/n1\nnode/n2\n");
}

TEST(Get, json_is_what_the_server_said) {
  FakeConsole fake;
  fake.answer("GET /api/v1/models/T4", R"({"id":"T4","memory_gb":16,"tdp_watts":70.5,"price_per_hour_usd":null})");
  const Ran ran = run_words(fake, {"get", "model", "T4", "-o", "json"});
  EXPECT_EQ(ran.out, "{\n  \"id\": \"T4\",\n  \"memory_gb\": 16,\n  \"tdp_watts\": 70.5,\n  \"price_per_hour_usd\": null\n}\n");
}

TEST(Get, pages_are_put_together) {
  FakeConsole fake;
  fake.answer("GET /api/v1/nodes?limit=1000", R"({"items":[{"name":"a"}],"next_cursor":"c1","total":3})");
  fake.answer("GET /api/v1/nodes?limit=1000&cursor=c1", R"({"items":[{"name":"b"},{"name":"c"}],"next_cursor":null,"total":3})");
  EXPECT_EQ(run_words(fake, {"get", "nodes", "-o", "name"}).out, "node/a\nnode/b\nnode/c\n");
}

TEST(Get, a_limit_ends_the_paging) {
  FakeConsole fake;
  fake.answer("GET /api/v1/nodes?limit=1", R"({"items":[{"name":"a"}],"next_cursor":"c1","total":3})");
  EXPECT_EQ(run_words(fake, {"get", "nodes", "--limit", "1", "-o", "name"}).out, "node/a\n");
  EXPECT_EQ(fake.calls.size(), 1u);
}

TEST(Get, several_names_are_asked_for_one_by_one) {
  FakeConsole fake;
  fake.answer("GET /api/v1/nodes/a", R"({"name":"a"})");
  fake.answer("GET /api/v1/nodes/b", R"({"name":"b"})");
  EXPECT_EQ(run_words(fake, {"get", "nodes", "a", "b", "-o", "name"}).out, "node/a\nnode/b\n");
  EXPECT_EQ(run_words(fake, {"get", "nodes", "a", "c", "-o", "name"}).code, 3);
}

TEST(Get, nothing_found_is_said_on_the_error_stream) {
  FakeConsole fake;
  fake.answer("GET /api/v1/devices?limit=1000", R"({"items":[],"next_cursor":null,"total":0})");
  const Ran ran = run_words(fake, {"get", "devices"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "No devices found.\n");
}

TEST(Get, labels_select_allocations) {
  FakeConsole fake;
  fake.answer("GET /api/v1/allocations?team=ml&limit=1000",
              R"({"items":[{"id":"A","labels":{"app":"vllm"}},{"id":"B","labels":{"app":"sglang"}},{"id":"C","labels":{}}],
                  "next_cursor":null,"total":3})");
  const auto names = [&fake](const char* selector) {
    return run_words(fake, {"get", "allocations", "--team", "ml", "-l", selector, "-o", "name"}).out;
  };
  EXPECT_EQ(names("app=vllm"), "allocation/A\n");
  EXPECT_EQ(names("app==sglang"), "allocation/B\n");
  EXPECT_EQ(names("app!=vllm"), "allocation/B\nallocation/C\n");
  EXPECT_EQ(names("app"), "allocation/A\nallocation/B\n");
  EXPECT_EQ(run_words(fake, {"get", "allocations", "-l", "=x"}).code, 2);
}

TEST(Get, watching_prints_what_changed_and_no_more) {
  FakeConsole fake;
  fake.answer("GET /api/v1/targets", R"({"items":[{"url":"http://a","last_error":null},{"url":"http://b","last_error":null}]})");
  fake.answer("GET /api/v1/targets", R"({"items":[{"url":"http://a","last_error":null},{"url":"http://b","last_error":"gone"}]})");
  fake.waits_left = 3;
  const Ran ran = run_words(fake, {"get", "targets", "--watch", "--no-headers"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out,
            "http://a   -   -   -   -   -   -\n"
            "http://b   -   -   -   -   -   -\n"
            "http://b   -   -   -   -   -   gone\n");
}

TEST(Get, watching_outlives_a_server_that_is_away_for_a_while_and_says_so_once) {
  FakeConsole fake;
  const std::string call = "GET /api/v1/targets";
  fake.answer(call, R"({"items":[{"url":"http://a"}]})");
  fake.answers[call].push_back(Error{Errc::unavailable, "connection refused"});
  fake.answers[call].push_back(Error{Errc::unavailable, "connection refused"});
  fake.answer(call, R"({"items":[{"url":"http://b"}]})");
  fake.waits_left = 3;
  const Ran ran = run_words(fake, {"get", "targets", "-w", "--no-headers"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.out.find("http://b"), std::string::npos);
  EXPECT_EQ(ran.err.find("connection refused"), ran.err.rfind("connection refused"));
}

TEST(Get, an_answer_that_is_no_list_is_no_crash) {
  FakeConsole fake;
  fake.answer("GET /api/v1/nodes?limit=1000", "<html>hello</html>");
  const Ran ran = run_words(fake, {"get", "nodes"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("is this a Reeve server?"), std::string::npos);
  fake.answers.clear();
  fake.answer("GET /api/v1/nodes?limit=1000", "[1]");
  EXPECT_EQ(run_words(fake, {"get", "nodes"}).code, 1);
}

}  // namespace
}  // namespace reeve::cli
