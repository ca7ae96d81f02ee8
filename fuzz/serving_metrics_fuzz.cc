// What the /metrics of a pod, which anybody may have written, can make of the figures of a server: bounded, finite, and
// totals that never fall however two such texts follow each other.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/serving_scraper/exposition_figures.h"
#include "base/check.h"
#include "base/utf8.h"
#include "domain/serving/meter.h"

namespace {

using namespace reeve;

void check(const serving::Histogram& histogram) {
  REEVE_CHECK(histogram.size() <= serving::FigureReader::buckets_max);
  for (std::size_t i = 1; i < histogram.size(); ++i)
    REEVE_CHECK(histogram[i - 1].bound < histogram[i].bound && histogram[i - 1].count <= histogram[i].count);
  for (const double share : {0.0, 0.5, 0.95, 1.0})
    if (const auto value = serving::quantile(histogram, share)) REEVE_CHECK(!std::isnan(*value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t middle = text.find("\n---\n");
  serving::Meter meter;
  std::optional<double> before;
  int seconds = 0;
  for (const std::string_view look : {text.substr(0, middle), text.substr(middle == std::string_view::npos ? 0 : middle + 5), text}) {
    const auto figures = figures_from_exposition(look, size % 2 == 0 ? serving::Engine::vllm : serving::Engine::sglang);
    if (!figures) continue;
    REEVE_CHECK(is_utf8(figures->served_model) && figures->served_model.size() <= serving::FigureReader::model_bytes_max);
    REEVE_CHECK(!figures->kv_cache_usage || (*figures->kv_cache_usage >= 0 && *figures->kv_cache_usage <= 1));
    check(figures->time_to_first_token);
    check(figures->inter_token_latency);
    meter.look(Timestamp(Milliseconds(1000 * ++seconds)), *figures);
    const auto total = meter.values().prompt_tokens_total;
    REEVE_CHECK(!before || (total && *total >= *before));
    before = total;
    if (meter.gain()) {
      serving::Together together;
      together.begin_round();
      together.add(meter.values(), &*meter.gain());
      check(meter.gain()->time_to_first_token);
      serving::metric_values(together.values());
    }
  }
  return 0;
}
