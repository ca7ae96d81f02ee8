#pragma once
// Observes nodes over HTTP: /metrics each round, and /v1/devices of a Reeve agent when its inventory changed.

#include <cstddef>
#include <memory>

#include "ports/clock.h"
#include "ports/node_source.h"

namespace reeve {

struct ScraperOptions {
  int threads = 1;                       // that read and parse: one is enough for 10,000 GPUs
  std::size_t sockets_max = 2048;        // open at once; beyond it targets go in waves and connections are not kept
  std::size_t body_bytes_max = 8 << 20;  // of one reply: a node of 8 GPUs x 7 slices prints some 600 KiB
  std::size_t header_bytes_max = 16 << 10;
  int resolver_threads = 4;  // a name that resolves slowly delays only those that wait for its thread
};

class Scraper : public NodeSource {
 public:
  // Ends the round in progress and every later one at once; targets without an answer fail as `unavailable`.
  // Threads: any.
  virtual void stop() = 0;
};

// Keeps connections alive between rounds and remembers each target's inventory. observe_all() calls `found`
// on the calling thread, or on one of its own when there are more. `clock` is borrowed.
std::unique_ptr<Scraper> make_scraper(const Clock& clock, const ScraperOptions& options = {});

}  // namespace reeve
