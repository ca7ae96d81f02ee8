#include "delivery/cli/commands.h"

#include <gtest/gtest.h>

#include "delivery/cli/allocate.h"
#include "delivery/cli/fake_console_test.h"

namespace reeve::cli {
namespace {

const std::string granted = R"({"id":"ALLOC-0000000A","namespace":"ml","pod":"vllm-0","resource":"n1-GPU-00","allocated_memory_gb":80,
  "cost_per_hour_usd":8.0})";

TEST(Allocate, sends_every_field_and_a_key_and_says_who_holds_what) {
  FakeConsole fake;
  fake.answer("POST /api/v1/allocations", granted, 201);
  const Ran ran = run_words(fake, {"allocate",
                                   "vllm-0",
                                   "-n",
                                   "ml",
                                   "--container",
                                   "c",
                                   "--workload-type",
                                   "Inference",
                                   "--priority",
                                   "high",
                                   "--memory-gb",
                                   "40",
                                   "--model",
                                   "H100_80GB",
                                   "--architecture",
                                   "Hopper",
                                   "--mig",
                                   "--mig-profile",
                                   "3g.40gb",
                                   "--node",
                                   "n1",
                                   "--device",
                                   "n1-GPU-00",
                                   "--max-cost-per-hour",
                                   "8.5",
                                   "--for",
                                   "8h",
                                   "--user",
                                   "kim",
                                   "--team",
                                   "search",
                                   "--project",
                                   "p",
                                   "-l",
                                   "app=vllm",
                                   "-l",
                                   "tier=prod"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "allocation/ALLOC-0000000A: ml/vllm-0 holds n1-GPU-00, 80 GB, $8.00 an hour\n");
  ASSERT_EQ(fake.calls.size(), 1u);
  EXPECT_EQ(fake.calls[0].headers.find("Idempotency-Key")->second, "cli-key-1");
  EXPECT_EQ(
      fake.calls[0].body,
      R"({"namespace":"ml","pod":"vllm-0","container":"c","workload_type":"Inference","priority":"high","model":"H100_80GB",)"
      R"("architecture":"Hopper","mig_profile":"3g.40gb","node":"n1","device":"n1-GPU-00","user":"kim","team":"search","project":"p",)"
      R"("use_mig":true,"memory_gb":40,"max_cost_per_hour_usd":8.5E0,"labels":{"app":"vllm","tier":"prod"},)"
      R"("planned_release_at":"2026-11-24T20:00:00.000Z"})");
}

TEST(Allocate, reads_a_file_and_lets_flags_win) {
  FakeConsole fake;
  fake.files["r.yaml"] = "namespace: ml\npod: p0\nmemory_gb: 40\nuse_mig: false\nlabels:\n  app: vllm\n";
  const Ran ran = run_words(fake, {"allocate", "-f", "r.yaml", "--pod", "p1", "--dry-run", "-o", "yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "namespace: ml\npod: p1\nmemory_gb: 40\nuse_mig: false\nlabels:\n  app: vllm\n");
  EXPECT_TRUE(fake.calls.empty());
}

TEST(Allocate, what_is_missing_or_wrong_is_named_before_anything_is_sent) {
  FakeConsole fake;
  fake.files["bad.yaml"] = "namespace: [1\n";
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"allocate", "p"}, "add --namespace"},
      {{"allocate", "-n", "ml"}, "add --pod"},
      {{"allocate", "p", "-n", "ml", "--until", "tomorrow"}, "--until 'tomorrow'"},
      {{"allocate", "p", "-n", "ml", "--for", "8x"}, "--for '8x'"},
      {{"allocate", "p", "-n", "ml", "-l", "app"}, "label 'app'"},
      {{"allocate", "-f", "none.yaml"}, "none.yaml"},
      {{"allocate", "-f", "bad.yaml"}, "line 2"},
      {{"allocate", "p", "-n", "ml", "--memory-gb", "many"}, "--memory-gb"},
      {{"allocate", "p", "-n", "ml", "--for", "1h", "--until", "2026-11-24T18:00:00Z"}, "excludes"},
  };
  for (const auto& [words, expected] : cases) {
    const Ran ran = run_words(fake, words);
    EXPECT_EQ(ran.code, 2) << expected;
    EXPECT_NE(ran.err.find(expected), std::string::npos) << ran.err;
  }
  EXPECT_TRUE(fake.calls.empty());
}

TEST(Allocate, a_refusal_says_what_was_in_the_way) {
  FakeConsole fake;
  fake.answer(
      "POST /api/v1/allocations",
      R"({"status":409,"code":"RESOURCE_NOT_AVAILABLE","detail":"cannot allocate: of 12 GPUs 12 are held","blocked_by":{"are held":12}})",
      409);
  const Ran ran = run_words(fake, {"allocate", "p", "-n", "ml"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_EQ(ran.err, "reeve: cannot allocate: of 12 GPUs 12 are held\n");
}

TEST(Allocate, no_answer_is_asked_for_once_more_with_the_same_key) {
  FakeConsole fake;
  fake.answers["POST /api/v1/allocations"].push_back(Error{Errc::timed_out, "no answer in 10 s"});
  fake.answer("POST /api/v1/allocations", granted, 201);
  EXPECT_EQ(run_words(fake, {"allocate", "p", "-n", "ml", "--idempotency-key", "mine", "-o", "name"}).out, "allocation/ALLOC-0000000A\n");
  ASSERT_EQ(fake.calls.size(), 2u);
  for (const Call& call : fake.calls) EXPECT_EQ(call.headers.find("Idempotency-Key")->second, "mine");
}

TEST(Release, goes_through_all_ids_and_ends_with_the_first_failure) {
  FakeConsole fake;
  fake.answer("DELETE /api/v1/allocations/ALLOC-2", R"({"id":"ALLOC-2","resource":"n1-GPU-01","total_cost_usd":12.5})");
  const Ran ran = run_words(fake, {"release", "ALLOC-1", "allocation/ALLOC-2"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.out, "allocation/ALLOC-2 released: n1-GPU-01 is free, it cost $12.50\n");
  EXPECT_NE(ran.err.find("ALLOC-1"), std::string::npos);
}

TEST(ExitCodes, follow_what_the_caller_can_do) {
  const std::vector<std::pair<int, int>> cases{{400, 2}, {401, 1}, {403, 1}, {404, 3}, {409, 4}, {412, 4},
                                               {413, 2}, {422, 2}, {429, 4}, {500, 1}, {503, 1}};
  for (const auto& [status, code] : cases) {
    FakeConsole fake;
    fake.answer("GET /api/v1/nodes/n1", R"({"detail":"cannot"})", status);
    EXPECT_EQ(run_words(fake, {"get", "node", "n1"}).code, code) << status;
  }
  FakeConsole fake;
  fake.answers["GET /api/v1/nodes/n1"].push_back(Error{Errc::unavailable, "connection refused"});
  const Ran ran = run_words(fake, {"get", "node", "n1"});
  EXPECT_EQ(ran.code, 5);
  EXPECT_EQ(
      ran.err,
      "reeve: cannot reach the server at http://reeve.test:8080: connection refused; give its address with --server or REEVE_SERVER\n");
}

TEST(Usage, wrong_words_are_two_and_help_is_zero) {
  FakeConsole fake;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{},
                                                                                     {"get"},
                                                                                     {"get", "cats"},
                                                                                     {"get", "nodes", "--colour"},
                                                                                     {"get", "nodes", "-o", "xml"},
                                                                                     {"describe", "node"},
                                                                                     {"get", "devices", "--state", "BROKEN"},
                                                                                     {"release"},
                                                                                     {"completion", "tcsh"},
                                                                                     {"get", "nodes", "--timeout", "0"}})
    EXPECT_EQ(run_words(fake, words).code, 2);
  const Ran help = run_words(fake, {"get", "devices", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("--server"), std::string::npos);
  EXPECT_NE(help.out.find("Exit codes"), std::string::npos);
}

TEST(Usage, the_flag_wins_over_the_environment_and_a_scheme_is_added) {
  FakeConsole fake;
  run_words(fake, {"get", "node", "n1", "--server", "other:9/"});
  ASSERT_EQ(fake.calls.size(), 1u);
  EXPECT_EQ(fake.calls[0].url, "http://other:9/api/v1/nodes/n1");
}

TEST(Usage, names_are_encoded) {
  FakeConsole fake;
  run_words(fake, {"get", "node", "a/b c?"});
  EXPECT_EQ(fake.calls.at(0).url, std::string(test_server) + "/api/v1/nodes/a%2Fb%20c%3F");
}

TEST(Version, shows_both_sides_and_still_shows_itself_when_no_server_answers) {
  FakeConsole fake;
  fake.answer("GET /version", R"({"version":"0.2.0"})");
  EXPECT_EQ(run_words(fake, {"version"}).out, "client 0.1.0\nserver 0.2.0 at http://reeve.test:8080\n");
  fake.answers.clear();
  fake.answers["GET /version"].push_back(Error{Errc::unavailable, "connection refused"});
  const Ran ran = run_words(fake, {"version"});
  EXPECT_EQ(ran.code, 5);
  EXPECT_EQ(ran.out, "client 0.1.0\n");
  EXPECT_EQ(run_words(fake, {"version", "--client"}).code, 0);
  EXPECT_EQ(run_words(fake, {"--version"}).out, "0.1.0\n");
}

TEST(Completion, knows_commands_flags_values_and_the_names_of_the_fleet) {
  FakeConsole fake;
  fake.answer("GET /api/v1/nodes?fields=name&limit=1000",
              R"({"items":[{"name":"gpu-1"},{"name":"gpu-2"},{"name":"x"}],"next_cursor":null})");
  EXPECT_EQ(run_words(fake, {"__complete", "de"}).out, "describe\n");
  EXPECT_EQ(run_words(fake, {"__complete", "get", "no"}).out, "nodes\n");
  EXPECT_EQ(run_words(fake, {"__complete", "get", "devices", "--fr"}).out, "--free\n");
  EXPECT_EQ(run_words(fake, {"__complete", "get", "nodes", "-o", "j"}).out, "json\n");
  EXPECT_EQ(run_words(fake, {"__complete", "get", "nodes", "gpu"}).out, "gpu-1\ngpu-2\n");
  EXPECT_EQ(run_words(fake, {"__complete", "get", "nodes", "--watch", "x"}).out, "x\n");
  EXPECT_EQ(run_words(fake, {"__complete", "describe", "node", ""}).out, "gpu-1\ngpu-2\nx\n");
  EXPECT_EQ(run_words(fake, {"__complete", "allocate", "--node", "x"}).out, "x\n");
  EXPECT_EQ(run_words(fake, {"__complete", "get", "devices", "--state", "MA"}).out, "MAINTENANCE\n");
}

TEST(Completion, is_silent_when_no_server_answers) {
  FakeConsole fake;
  fake.answers["GET /api/v1/nodes?fields=name&limit=1000"].push_back(Error{Errc::unavailable, "connection refused"});
  const Ran ran = run_words(fake, {"__complete", "get", "nodes", ""});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out + ran.err, "");
}

TEST(Completion, scripts_call_the_program_by_its_name) {
  FakeConsole fake;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = run_words(fake, {"completion", shell});
    EXPECT_EQ(ran.code, 0);
    EXPECT_NE(ran.out.find("__complete"), std::string::npos);
    EXPECT_NE(ran.out.find("reeve"), std::string::npos);
  }
  EXPECT_NE(run_words(fake, {"completion", "bash"}).out.find("\"${COMP_WORDS[@]:1:COMP_CWORD}\""), std::string::npos);
}

TEST(ParseDuration, reads_the_units_and_refuses_the_rest) {
  EXPECT_EQ(parse_duration("90s"), Milliseconds(90'000));
  EXPECT_EQ(parse_duration("2d"), Milliseconds(172'800'000));
  EXPECT_EQ(parse_duration("1w"), Milliseconds(604'800'000));
  for (const char* text : {"", "8", "h", "-1h", "0m", "1.5h", "9999999999999999999h", "99999999999999w", "8H"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

}  // namespace
}  // namespace reeve::cli
