#pragma once
// A command line in a test: words in, exit code and texts out, against answers that the test gives.

#include <deque>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "delivery/cli/commands.h"

namespace reeve::cli {

inline constexpr const char* test_server = "http://reeve.test:8080";

struct FakeConsole {
  std::ostringstream out{};
  std::ostringstream err{};
  std::map<std::string, std::string> variables{};
  std::map<std::string, std::string> files{};
  // "GET /api/v1/nodes?limit=1000" -> answers, one a call; the last one stays.
  std::map<std::string, std::deque<Result<http::Response>>> answers{};
  std::vector<Call> calls{};
  int waits_left = 0;
  Timestamp now = *parse_rfc3339("2026-11-24T12:00:00Z");

  void answer(const std::string& call, std::string body, int status = 200, http::Headers headers = {}) {
    auto response = http::json_response(status, std::move(body));
    for (auto& [name, value] : headers) response.headers.emplace(name, value);
    answers[call].push_back(std::move(response));
  }

  Console console() {
    return Console{.out = out,
                   .err = err,
                   .version = "0.1.0",
                   .environment = [this](const std::string& name) -> std::optional<std::string> {
                     const auto found = variables.find(name);
                     return found == variables.end() ? std::nullopt : std::optional(found->second);
                   },
                   .now = [this] { return now; },
                   .wait = [this](Milliseconds time) { return now += time, waits_left-- > 0; },
                   .new_key = [] { return std::string("cli-key-1"); },
                   .read_file = [this](const std::string& path) -> Result<std::string> {
                     const auto found = files.find(path);
                     if (found == files.end()) return Error{Errc::invalid_argument, "cannot read '" + path + "': no such file"};
                     return found->second;
                   },
                   .exchange = [this](const Call& call) { return exchange(call); }};
  }

  Result<http::Response> exchange(const Call& call) {
    calls.push_back(call);
    std::string path = call.url;
    if (path.starts_with(test_server)) path.erase(0, std::string(test_server).size());
    const auto found = answers.find(call.method + " " + path);
    if (found == answers.end())
      return http::json_response(404, R"({"status":404,"code":"NOT_FOUND","detail":"cannot find ')" + call.method + " " + path + "'\"}");
    auto response = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return response;
  }
};

struct Ran {
  int code = -1;
  std::string out{};
  std::string err{};
};

// Runs one command line; "--server" is set through the environment when the words do not.
inline Ran run_words(FakeConsole& fake, std::vector<std::string> words) {
  fake.variables.try_emplace("REEVE_SERVER", test_server);
  fake.out.str({});
  fake.err.str({});
  const Console console = fake.console();
  int exit_code = 0;
  CLI::App app("Reeve", "reeve");
  app.require_subcommand(1);
  add_client_commands(app, console, exit_code);
  std::vector<const char*> argv{"reeve"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  const int code = run(app, static_cast<int>(argv.size()), argv.data(), console, exit_code);
  return {code, fake.out.str(), fake.err.str()};
}

}  // namespace reeve::cli
