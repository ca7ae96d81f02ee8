// One process that stands for many nodes: serves the exposition of each under a path of its own.
//   exposed_nodes NODES TARGETS_FILE    serves until its standard input ends
// Writes a targets file for `reeve serve` and says on standard output where it listens.

#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/parse.h"
#include "exposed_text.h"
#include "net/http/server.h"

int main(int argc, char** argv) {
  const auto nodes = argc == 3 ? reeve::parse_number<int>(argv[1]) : std::nullopt;
  if (!nodes || *nodes < 1 || *nodes > 9999) {
    fmt::print(stderr, "usage: exposed_nodes NODES(1..9999) TARGETS_FILE\n");
    return 2;
  }
  std::atomic<long> requests = 0;
  const auto answer = [&](const reeve::http::Request& request) {
    // "/17/metrics"
    const std::string_view path = std::string_view(request.path).substr(1);
    const auto node = reeve::parse_number<int>(path.substr(0, path.find('/')));
    if (!node || !path.ends_with("/metrics")) return reeve::http::text_response(404, "text/plain", "no such node\n");
    return reeve::http::text_response(200, "text/plain; version=0.0.4", reeve::exposed_text({.node = *node, .round = requests++ / *nodes}));
  };
  const auto server = reeve::http::Server::start({.threads = 1}, reeve::http::immediate(answer));
  if (!server) {
    fmt::print(stderr, "{}\n", server.error().message);
    return 1;
  }
  std::ofstream file(argv[2]);
  file << "[{\"kind\": \"dcgm-exporter\", \"cluster\": \"bench\", \"targets\": [";
  for (int i = 0; i < *nodes; ++i) file << fmt::format("{}\"127.0.0.1:{}/{}\"", i == 0 ? "" : ", ", (*server)->port(), i);
  file << "]}]\n";
  file.close();
  fmt::print("{} nodes on port {}\n", *nodes, (*server)->port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
