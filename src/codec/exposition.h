#pragma once
// Reads the Prometheus text format and OpenMetrics: `name{label="value",...} number [time] [# exemplar]`.
//
// Tolerant: a line that is broken is counted and skipped, whatever it holds; CRLF, a missing last newline,
// timestamps, exemplars, NaN and Inf, blanks between tokens and a comma before `}` are all right. A label
// that stands twice is handed out twice. Nothing is copied and nothing outside the text is read.
// Threads: one reader, one thread.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

struct ExpositionLabel {
  std::string_view name{};
  std::string_view raw_value{};  // as it stands between the quotes
  bool escaped = false;          // raw_value holds a backslash: unescaped() is the value
};

// The value with \\, \" and \n replaced; an unknown escape stays as it is.
std::string unescaped(const ExpositionLabel& label);

// Valid until the reader goes on; the views point into the text.
struct ExpositionSample {
  std::string_view name{};
  std::span<const ExpositionLabel> labels{};
  double value = 0;         // NaN and infinities as they are written
  std::string_view help{};  // the text of the HELP line above, when it names this metric
};

struct ExpositionCounts {
  std::size_t samples = 0;
  std::size_t comments = 0;  // HELP, TYPE, UNIT, EOF and the like
  std::size_t broken = 0;    // lines that are neither

  friend bool operator==(const ExpositionCounts&, const ExpositionCounts&) = default;
};

class ExpositionReader {
 public:
  // dcgm-exporter writes up to 25 labels a line; more than this is no exposition but an attack.
  static constexpr std::size_t labels_max = 128;

  // `text` outlives the reader.
  explicit ExpositionReader(std::string_view text) : text_(text) { labels_.reserve(32); }

  // The next sample; nullptr at the end of the text.
  const ExpositionSample* next();

  const ExpositionCounts& counts() const { return counts_; }

 private:
  void read_comment(std::string_view line);
  bool read_sample(std::string_view line);

  std::string_view text_;
  std::string_view help_name_{};
  std::string_view help_text_{};
  std::vector<ExpositionLabel> labels_{};
  ExpositionSample sample_{};
  ExpositionCounts counts_{};
};

}  // namespace reeve
