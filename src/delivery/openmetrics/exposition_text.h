#pragma once
// Text for Prometheus: format 0.0.4, or OpenMetrics 1.0 for those who ask for it.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve::openmetrics {

enum class Format { prometheus, openmetrics };

// By the Accept header of the scraper.
Format format_for(std::string_view accept);
std::string_view content_type_of(Format format);

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

// Families one after the other; each is opened with its type and help, then filled. A value that is absent
// writes no sample: nothing unknown is ever shown as 0.
class ExpositionText {
 public:
  explicit ExpositionText(Format format) : format_(format) {}

  // Names of counters end in "_total".
  void gauge(std::string_view name, std::string_view help) { family(name, "gauge", help); }
  void counter(std::string_view name, std::string_view help) { family(name, "counter", help); }
  void histogram(std::string_view name, std::string_view help) { family(name, "histogram", help); }

  void sample(const Labels& labels, double value) { sample("", labels, value); }
  void sample(const Labels& labels, std::optional<double> value) {
    if (value) sample("", labels, *value);
  }
  // Of a histogram: suffix "_bucket", "_sum", "_count".
  void sample(std::string_view suffix, const Labels& labels, double value);

  std::string finish() &&;

 private:
  void family(std::string_view name, std::string_view type, std::string_view help);

  Format format_;
  std::string name_{};
  std::string out_{};
};

}  // namespace reeve::openmetrics
