// How fast expositions are read. Goal: at least 200 MB/s on one core (issue 3).

#include <benchmark/benchmark.h>

#include "codec/exposition.h"
#include "exposed_text.h"
#include "wire/exposition/exposition_observation.h"

namespace {

void read_lines(benchmark::State& state) {
  const std::string text = reeve::exposed_text({});
  for (auto _ : state) {
    reeve::ExpositionReader reader(text);
    double sum = 0;
    while (const reeve::ExpositionSample* sample = reader.next()) sum += sample->value + static_cast<double>(sample->labels.size());
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(read_lines);

void read_observation(benchmark::State& state) {
  const std::string text = reeve::exposed_text({});
  for (auto _ : state) {
    auto exposed = reeve::wire::observation_from_exposition(text, {});
    benchmark::DoNotOptimize(exposed);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(read_observation);

}  // namespace

BENCHMARK_MAIN();
