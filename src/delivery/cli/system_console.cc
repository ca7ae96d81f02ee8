#include <sys/random.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include <fmt/format.h>

#include "delivery/cli/console.h"
#include "net/http/client.h"

namespace reeve::cli {
namespace {

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

Timestamp system_now() { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); }

bool sleep_for(Milliseconds time) {
  std::this_thread::sleep_for(time);
  return true;
}

std::string random_key() {
  unsigned char bytes[16]{};
  REEVE_CHECK(::getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
  std::string key = "cli-";
  for (const unsigned char byte : bytes) key += fmt::format("{:02x}", byte);
  return key;
}

Result<std::string> read_whole_file(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Errc::invalid_argument, fmt::format("cannot read '{}': no such file, or no right to read it", path)};
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<http::Response> exchange_over_tcp(const Call& call) {
  http::ClientOptions options;
  options.timeout = call.timeout;
  options.tls.ca_pem = call.ca_pem;
  return http::request(call.method, call.url, call.headers, call.body, options);
}

}  // namespace

Console system_console(std::string program, std::string version) {
  return Console{.out = std::cout,
                 .err = std::cerr,
                 .program = std::move(program),
                 .version = std::move(version),
                 .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
                 .environment = environment_variable,
                 .now = system_now,
                 .wait = sleep_for,
                 .new_key = random_key,
                 .read_file = read_whole_file,
                 .exchange = exchange_over_tcp};
}

}  // namespace reeve::cli
