#include "delivery/cli/top_screen.h"

#include <gtest/gtest.h>

#include "codec/json_parse.h"
#include "delivery/cli/fake_console_test.h"
#include "delivery/cli/text_table.h"

namespace reeve::cli {
namespace {

constexpr const char* overview =
    R"({"nodes":2,"nodes_stale":1,"devices":3,"devices_free":1,"devices_allocated":1,"devices_failed":1,"instances":2,
  "instances_free":1,"utilization_percent":50.0,"memory_used_mib":81920,"memory_total_mib":163840,"power_watts":900.0,
  "hourly_cost_usd":8.0})";
constexpr const char* devices = R"({"items":[
  {"id":"n1-GPU-00","model":"H100_80GB","state":"ACTIVE","free":false,"allocation":"A1","memory_mib":81920,
   "values":{"gpu_utilization_percent":97,"memory_used_mib":73728,"gpu_temperature_celsius":83,"power_watts":690}},
  {"id":"n1-GPU-01","model":"A100_80GB","state":"ACTIVE","free":true,"mig_enabled":true,"memory_mib":81920,
   "values":{"memory_used_mib":8192,"gpu_temperature_celsius":40,"power_watts":210},
   "instances":[{"id":"n1-GPU-01-MIG-07","profile":"1g.10gb","free":false,"allocation":"A2","memory_mib":9728,
     "values":{"graphics_engine_active_ratio":0.5,"memory_used_mib":4864}},
    {"id":"n1-GPU-01-MIG-08","profile":"1g.10gb","free":true,"memory_mib":9728,"values":{}}]},
  {"id":"n2-GPU-00","model":"T4","state":"ACTIVE","lost":true,"free":false,"memory_mib":15360,"values":{}}]})";
constexpr const char* allocations =
    R"({"items":[{"id":"A1","namespace":"ml","pod":"vllm-0"},{"id":"A2","namespace":"research","pod":"notebook-3"}]})";

TopData data() {
  TopData data;
  data.overview = *parse_json(overview);
  data.devices = *parse_json(devices);
  data.allocations = *parse_json(allocations);
  data.server = "http://s:1";
  data.at = *parse_rfc3339("2026-11-24T12:00:00Z");
  return data;
}

std::vector<std::string> lines_of(const std::string& screen) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < screen.size();) {
    const std::size_t end = screen.find('\n', at);
    lines.push_back(screen.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(Top, shows_the_fleet_and_a_line_for_each_gpu) {
  TopView view;
  view.width = 140;
  view.height = 0;
  view.slices = true;
  EXPECT_EQ(top_screen(data(), view),
            "Reeve  http://s:1  12:00:00Z  nodes 2 (1 stale)  GPUs 3: 1 free, 1 held, 1 failed  slices 2: 1 free\n"
            "util ██████████           50%  memory ██████████           80.0/160.0GiB  power 900W  $8.00/h\n"
            "NAME*            MODEL      UTIL                    MEMORY             TEMP  POWER STATE       HOLDER\n"
            "n1-GPU-00        H100_80GB   97% █████████▊   72.0/80.0GiB █████████   83°C   690W held        ml/vllm-0\n"
            "n1-GPU-01        A100_80GB     -               8.0/80.0GiB █           40°C   210W 1/2 free\n"
            "  └ MIG-07       1g.10gb     50% █████          4.8/9.5GiB                         held        research/notebook-3\n"
            "  └ MIG-08       1g.10gb       -                  -/9.5GiB                         free\n"
            "n2-GPU-00        T4            -                 -/15.0GiB                -      - LOST\n");
}

TEST(Top, fits_every_terminal) {
  for (const std::size_t width : {1u, 20u, 40u, 79u, 80u, 100u, 132u, 300u})
    for (const std::size_t height : {1u, 4u, 5u, 6u, 24u}) {
      TopView view;
      view.width = width;
      view.height = height;
      view.slices = true;
      const auto lines = lines_of(top_screen(data(), view));
      EXPECT_LE(lines.size(), std::max<std::size_t>(height, 4)) << width << "x" << height;
      for (const std::string& line : lines) EXPECT_LE(display_width(line), width) << line;
    }
}

TEST(Top, hot_and_busy_is_red_and_colours_can_be_off) {
  TopView view;
  view.width = 140;
  view.colour = true;
  EXPECT_NE(top_screen(data(), view).find("\x1b[31m 83°C"), std::string::npos);
  view.colour = false;
  EXPECT_EQ(top_screen(data(), view).find('\x1b'), std::string::npos);
}

TEST(Top, sorts_the_highest_first_and_the_unknown_last) {
  TopView view;
  view.sort = TopSort::power;
  const auto known = data();
  const auto rows = top_rows(known, view);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0]->at("id"), "n1-GPU-00");
  EXPECT_EQ(rows[2]->at("id"), "n2-GPU-00");
}

TEST(Top, filters_by_name_model_state_and_holder) {
  const auto known = data();
  const auto count = [&known](const char* filter) {
    TopView view;
    view.filter = filter;
    return top_rows(known, view).size();
  };
  EXPECT_EQ(count("N1-"), 2u);
  EXPECT_EQ(count("a100"), 1u);
  EXPECT_EQ(count("lost"), 1u);
  EXPECT_EQ(count("vllm"), 1u);
  EXPECT_EQ(count("notebook"), 1u);  // holds a slice
  EXPECT_EQ(count("nobody"), 0u);
}

TEST(Top, keys_steer_the_view) {
  TopView view;
  std::string keys = "s/h1\x7f\rm";
  while (!keys.empty()) EXPECT_TRUE(press(view, take_key(keys), 10));
  EXPECT_EQ(view.sort, TopSort::utilization);
  EXPECT_EQ(view.filter, "h");
  EXPECT_FALSE(view.typing);
  EXPECT_TRUE(view.slices);
  keys = "\x1b[B\x1b[B\x1b[A\x1b[6~";
  while (!keys.empty()) EXPECT_TRUE(press(view, take_key(keys), 10));
  EXPECT_EQ(view.scroll, 11u);
  keys = "\x1b[5~\x1b[5~";
  while (!keys.empty()) EXPECT_TRUE(press(view, take_key(keys), 10));
  EXPECT_EQ(view.scroll, 0u);
  keys = "\x1b[999;1Zq";  // an unknown sequence: its letters are no commands
  EXPECT_TRUE(press(view, take_key(keys), 10));
  keys = "q";
  EXPECT_FALSE(press(view, take_key(keys), 10));
  view.typing = true;
  keys = "\x03";
  EXPECT_FALSE(press(view, take_key(keys), 10));
}

TEST(Top, the_end_is_where_the_last_row_is_at_the_bottom) {
  TopView view;
  view.height = 6;
  EXPECT_EQ(scroll_max(data(), view), 1u);
  view.slices = true;
  EXPECT_EQ(scroll_max(data(), view), 3u);
  view.height = 50;
  EXPECT_EQ(scroll_max(data(), view), 0u);
}

TEST(Top, prints_once_when_the_output_is_no_terminal) {
  FakeConsole fake;
  fake.answer("GET /api/v1/overview", overview);
  fake.answer("GET /api/v1/devices?node=n1&limit=1000", devices);
  fake.answer("GET /api/v1/allocations?status=ALLOCATED&limit=1000", allocations);
  fake.variables["COLUMNS"] = "100";
  const Ran ran = run_words(fake, {"top", "--node", "n1", "--sort", "temp", "--filter", "h100"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("n1-GPU-00"), std::string::npos);
  EXPECT_EQ(ran.out.find("n2-GPU-00"), std::string::npos);
  const Ran json = run_words(fake, {"top", "--node", "n1", "-o", "json"});
  EXPECT_TRUE(parse_json(json.out));
}

TEST(Bar, is_as_wide_as_asked_for_every_ratio) {
  for (int i = -1; i <= 101; ++i) EXPECT_EQ(display_width(bar(i / 100.0, 7)), 7u) << i;
  EXPECT_EQ(bar(1, 3), "███");
  EXPECT_EQ(bar(0, 3), "   ");
}

}  // namespace
}  // namespace reeve::cli
