#include <gtest/gtest.h>

#include "delivery/cli/fake_console_test.h"
#include "delivery/cli/reference.h"

extern "C" const char reeve_cli_guide_begin[], reeve_cli_guide_end[];  // docs/cli.md

namespace reeve::cli {
namespace {

std::string guide() { return {reeve_cli_guide_begin, reeve_cli_guide_end}; }

// The lines of the ```sh blocks.
std::vector<std::string> commands_of(const std::string& text) {
  std::vector<std::string> commands;
  bool in_block = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("```"))
      in_block = line == "```sh";
    else if (in_block)
      commands.push_back(line);
  }
  return commands;
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// A server that has everything: any list is empty, any name exists, anything is given.
struct WillingConsole : FakeConsole {
  Result<http::Response> exchange(const Call& call) {
    const std::string path = call.url.substr(call.url.find("/api/v1") == std::string::npos ? 0 : call.url.find("/api/v1"));
    const bool of_cluster = path.starts_with("/api/v1/cluster/");
    const auto after = std::string(of_cluster ? "/api/v1/cluster/" : "/api/v1/").size();
    const bool list = call.method == "GET" && !path.ends_with("/cluster") && path.find('/', after) == std::string::npos;
    return http::json_response(200, list ? R"({"items":[],"next_cursor":null,"total":0})" : R"({"id":"x","name":"x","version":"1"})");
  }
};

TEST(Guide, every_command_in_it_runs) {
  const auto commands = commands_of(guide());
  ASSERT_GT(commands.size(), 20u);
  for (const std::string& line : commands) {
    WillingConsole fake;
    fake.variables["REEVE_SERVER"] = test_server;
    fake.files["-"] = "namespace: a\npod: b\n";
    Console console = fake.console();
    console.exchange = [&fake](const Call& call) { return fake.exchange(call); };
    int exit_code = 0;
    CLI::App app("Reeve", "reeve");
    app.require_subcommand(1);
    add_client_commands(app, console, exit_code);
    const auto words = words_of(line);
    ASSERT_EQ(words.front(), "reeve");
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    EXPECT_EQ(run(app, static_cast<int>(argv.size()), argv.data(), console, exit_code), 0) << line << "\n" << fake.err.str();
  }
}

TEST(Guide, its_reference_is_what_the_commands_say) {
  FakeConsole fake;
  const std::string reference = run_words(fake, {"__reference"}).out;
  const std::string text = guide();
  const std::string mark = "<!-- reference -->\n";
  ASSERT_NE(text.find(mark), std::string::npos);
  EXPECT_EQ(text.substr(text.find(mark) + mark.size()), "\n" + reference)
      << "write the output of `reeve __reference` behind the mark in docs/cli.md";
}

}  // namespace
}  // namespace reeve::cli
