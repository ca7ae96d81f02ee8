// The exposition reader on any bytes: every view lies inside the text, every line is counted once.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/exposition.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto inside = [&](std::string_view part) {
    return part.empty() || (part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size());
  };
  reeve::ExpositionReader reader(text);
  std::size_t samples = 0;
  while (const reeve::ExpositionSample* sample = reader.next()) {
    ++samples;
    REEVE_CHECK(!sample->name.empty() && inside(sample->name) && inside(sample->help));
    REEVE_CHECK(sample->labels.size() <= reeve::ExpositionReader::labels_max);
    for (const reeve::ExpositionLabel& label : sample->labels) {
      REEVE_CHECK(!label.name.empty() && inside(label.name) && inside(label.raw_value));
      REEVE_CHECK(label.escaped == (label.raw_value.find('\\') != std::string_view::npos));
      REEVE_CHECK(reeve::unescaped(label).size() <= label.raw_value.size());
    }
  }
  std::size_t lines = 0;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  const reeve::ExpositionCounts& counts = reader.counts();
  REEVE_CHECK(counts.samples == samples && counts.samples + counts.comments + counts.broken <= lines + 1);
  return 0;
}
