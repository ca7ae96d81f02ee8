#pragma once
// Asks the serving engines of a Kubernetes cluster how they do, and keeps their history.

#include <cstddef>
#include <memory>
#include <string>

#include "domain/serving/recognition.h"
#include "ports/clock.h"
#include "ports/cluster_view.h"
#include "ports/metric_store.h"
#include "ports/serving_view.h"

namespace reeve {

struct ServingScraperOptions {
  serving::RecognitionRules rules{};
  std::size_t threads_max = 16;          // that ask at once
  Milliseconds timeout{5'000};           // of one server
  std::size_t body_bytes_max = 4 << 20;  // of one answer: vLLM with 16 engines writes some 700 KiB
  int kept_rounds = 2;                   // so long a server that fails keeps its last values
};

struct ServingRound {
  Timestamp started_at{};
  Milliseconds duration{};
  std::size_t servers = 0;   // that are recognised
  std::size_t answered = 0;  // of those that run
  std::size_t failed = 0;    // likewise
  std::size_t samples = 0;
  std::string store_error{};  // why the samples are not kept; empty when they are
};

class ServingScraper : public ServingView {
 public:
  // Asks all servers of the newest snapshot, publishes what they say and appends it to the history: of each pod that
  // answered, and of each model and engine together. Servers that failed last time are asked last, so that dead ones delay
  // nobody. Returns by `deadline` from now, and at most a `timeout` after stop(). Threads: one round at a time.
  virtual ServingRound scrape(Milliseconds deadline) = 0;

  // The round in progress asks nobody more. Threads: any.
  virtual void stop() = 0;
};

// All but the options are borrowed.
std::unique_ptr<ServingScraper> make_serving_scraper(const ClusterView& cluster, MetricStore& store, const Clock& clock,
                                                     ServingScraperOptions options = {});

}  // namespace reeve
